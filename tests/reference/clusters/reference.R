# Numbers of R that tests/test_clusters.py and tests/test_linear.py compare with, and the small inputs. CI reads the output only.
# Run:  cd tests/reference/clusters && Rscript reference.R   (R >= 4.2; sandwich, clubSandwich, coin)
# expected.csv has one number per row: dataset, model, quantity, value, call (how R got it).
suppressMessages({library(sandwich); library(clubSandwich); library(coin)})
out <- list()
put <- function(dataset, model, quantity, value, call)
  out[[length(out) + 1]] <<- data.frame(dataset, model, quantity, value = sprintf("%.15g", value), call)
dyads <- read.csv("../dyads.csv")
# Six countries, unequal numbers of projects, treatment that varies: the few-cluster case.
set.seed(6)
few <- expand.grid(ipcei_id = paste0("P", 1:7), geo = LETTERS[1:6], stringsAsFactors = FALSE)[, 2:1]
few$size <- round(rnorm(6), 2)[match(few$geo, LETTERS)]
few$leader <- as.integer(few$geo %in% c("B", "E") | (few$geo == "C" & few$ipcei_id %in% c("P5", "P6", "P7")))
few$participates <- rbinom(nrow(few), 1, plogis(0.5 * few$size + 0.5 * few$leader + rnorm(6, 0, 0.8)[match(few$geo, LETTERS)]))
few <- few[-c(3, 11, 12, 30, 31, 32, 33), ]
write.csv(few, "few.csv", row.names = FALSE, quote = FALSE)
# Nearly collinear: a control that is the exposure plus one part in 100,000, correlation 1 - 1e-10.
near <- dyads; set.seed(5); near$almost <- near$leader + 1e-5 * rnorm(nrow(near))
near$almost <- round(near$almost, 12); write.csv(near[c("geo", "ipcei_id", "participates", "leader", "ln_population", "almost")],
                                                 "near.csv", row.names = FALSE, quote = FALSE)
models <- list(
  list("dyads", "leader", participates ~ ln_population + ln_gdp_pc_pps + leader, dyads),
  list("dyads", "fixed", participates ~ ln_population + ln_gdp_pc_pps + fixed, dyads),
  list("dyads", "ln_gdp_pc_pps", participates ~ ln_population + ln_gdp_pc_pps, dyads),
  list("few", "leader", participates ~ size + leader, few),
  list("near", "leader", participates ~ ln_population + almost + leader, near))
for (m in models) {
  d <- m[[4]]; term <- m[[2]]; fit <- lm(m[[3]], data = d)
  say <- function(q, v, call) put(m[[1]], term, q, v, call)
  se <- function(V) suppressWarnings(sqrt(V[term, term]))   # NaN: the two-way variance can be negative
  say("estimate", coef(fit)[[term]], "lm")
  say("cr1", se(vcovCL(fit, ~geo)), "sandwich::vcovCL(fit, ~geo)")
  say("cr1_ipcei", se(vcovCL(fit, ~ipcei_id)), "sandwich::vcovCL(fit, ~ipcei_id)")
  two <- ~ geo + ipcei_id
  say("two_own", se(vcovCL(fit, two)), "sandwich::vcovCL(fit, ~geo + ipcei_id)")
  V <- vcovCL(fit, two, type = "HC0", cadjust = FALSE)[term, term]
  say("two_none_variance", V, "sandwich::vcovCL(type = 'HC0', cadjust = FALSE)")
  for (by in c("geo", "ipcei_id")) {
    tag <- if (by == "geo") "cr2" else "cr2_ipcei"
    test <- coef_test(fit, vcov = "CR2", cluster = d[[by]], test = "Satterthwaite", coefs = term)
    call <- sprintf("clubSandwich::coef_test(vcov = 'CR2', cluster = %s, test = 'Satterthwaite')", by)
    say(tag, test$SE, call)
    say(paste0(tag, "_df"), if (is.null(test$df)) test$df_Satt else test$df, call)
    say(paste0(tag, "_p"), if (is.null(test$p_Satt)) test$p_val else test$p_Satt, call)
    say(sub("cr2", "cr1s", tag), sqrt(vcovCR(fit, d[[by]], "CR1S")[term, term]), "clubSandwich::vcovCR(type = 'CR1S')")
  }
}
# Wild cluster bootstrap, all 2^6 sign vectors, one lm and one vcovCL each.
restricted <- lm(participates ~ size, data = few)
t_of <- function(y) { f <- lm(y ~ size + leader, data = few); coef(f)[["leader"]] / sqrt(vcovCL(f, few$geo)["leader", "leader"]) }
observed <- t_of(few$participates)
signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), 6)))
stars <- apply(signs, 1, function(v) t_of(fitted(restricted) + v[match(few$geo, LETTERS)] * resid(restricted)))
put("few", "wild", "t", observed, "lm, sandwich::vcovCL")
put("few", "wild", "p", mean(abs(stars) >= abs(observed) - 1e-9), "loop over all 64 sign vectors")
put("few", "wild", "sum_abs_t", sum(abs(stars)), "loop over all 64 sign vectors")
# Freedman-Lane on 7 countries, all 5,040 permutations, one lm each.
set.seed(77)
seven <- data.frame(geo = LETTERS[1:7], size = round(rnorm(7), 2), leader = c(1, 0, 1, 0, 0, 1, 0))
seven$rate <- round(0.3 + 0.1 * seven$size + 0.25 * seven$leader + rnorm(7, 0, 0.1), 1)   # rounding makes ties
write.csv(seven, "seven.csv", row.names = FALSE, quote = FALSE)
orders <- as.matrix(expand.grid(rep(list(1:7), 7))); orders <- orders[apply(orders, 1, function(o) !anyDuplicated(o)), ]
null <- lm(rate ~ size, data = seven)
t_fl <- function(y) { f <- .lm.fit(cbind(1, seven$size, seven$leader), y); r <- f$residuals
  X <- cbind(1, seven$size, seven$leader); f$coefficients[3] / sqrt(sum(r^2) / 4 * solve(crossprod(X))[3, 3]) }
first <- t_fl(seven$rate)
all_t <- apply(orders, 1, function(o) t_fl(fitted(null) + resid(null)[o]))
full <- summary(lm(rate ~ size + leader, data = seven))$coefficients["leader", ]
put("seven", "freedman_lane", "estimate", full[[1]], "lm")
put("seven", "freedman_lane", "se", full[[2]], "lm")
put("seven", "freedman_lane", "p_t", full[[4]], "lm")
put("seven", "freedman_lane", "p", mean(abs(all_t) >= abs(first) * (1 - 1e-9)), "loop over all 5,040 permutations")
put("seven", "freedman_lane", "n_permutations", length(all_t), "loop")
# Stratified permutation: coin gives the exact conditional mean of the labelled sum, and a Monte Carlo p.
for (name in c("few", "dyads")) {
  d <- if (name == "few") few else dyads
  d$block <- factor(d$ipcei_id); d$label <- as.numeric(d$leader)
  test <- independence_test(participates ~ label | block, data = d, teststat = "scalar")
  put(name, "stratified", "sum", c(statistic(test, "linear")), "coin::independence_test(participates ~ leader | ipcei_id)")
  put(name, "stratified", "mean", c(expectation(test)), "coin::expectation, exact conditional mean")
  put(name, "stratified", "variance", c(variance(test)), "coin::variance, exact conditional variance")
  set.seed(1)
  mc <- independence_test(participates ~ label | block, data = d, teststat = "scalar", distribution = approximate(nresample = 200000))
  put(name, "stratified", "p", c(pvalue(mc)), "coin, approximate(nresample = 200000)")
}
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste(c("sandwich", "clubSandwich", "coin"),
  sapply(c("sandwich", "clubSandwich", "coin"), function(p) as.character(packageVersion(p))))), "versions.txt")
