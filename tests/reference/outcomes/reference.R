# Numbers of R that tests/test_outcomes.py compares with, and the made-up country totals. CI reads the output only.
# Run:  cd tests/reference/outcomes && Rscript reference.R   (R >= 4.2; sandwich, brglm2)
# expected.csv has one number per row: model, quantity, value, call (how R got it).
suppressMessages({library(sandwich); library(brglm2)})
out <- list()
put <- function(model, quantity, value, call)
  out[[length(out) + 1]] <<- data.frame(model, quantity, value = sprintf("%.15g", value), call)
set.seed(2027)
n <- 27
d <- data.frame(geo = sprintf("C%02d", 1:n), ln_population = round(rnorm(n, 15.8, 1.4), 3), ln_gdp_pc_pps = round(rnorm(n, 4.5, 0.3), 3))
d$leader_share <- 0; d$leader_share[order(-d$ln_gdp_pc_pps)[c(1, 2, 4, 5, 8)]] <- c(1, 1, 0.6, 1, 0.3)
d$leader_any <- as.integer(d$leader_share > 0)
d$n_possible <- rep(c(11, 10, 11), 9)
p <- plogis(-11 + 0.6 * d$ln_population + 0.2 * d$ln_gdp_pc_pps + 0.4 * d$leader_share + rnorm(n, 0, 0.7))
d$n_participations <- rbinom(n, d$n_possible, p)
d$aid_eur <- ifelse(d$n_participations == 0, 0, round(exp(9 + 0.7 * d$ln_population + rnorm(n)), -4))
d$aid_basis <- ifelse(d$aid_eur > 0, "commission_max", NA)
d$aid_share <- round(d$aid_eur / sum(d$aid_eur), 6)
d$rate <- round(d$n_participations / d$n_possible, 6)
write.csv(d, "totals.csv", row.names = FALSE, quote = FALSE, na = "")
fits <- list(
  poisson_share = glm(n_participations ~ ln_population + ln_gdp_pc_pps + leader_share + offset(log(n_possible)), poisson, d, epsilon = 1e-14),
  poisson_any = glm(n_participations ~ ln_population + leader_any, poisson, d, epsilon = 1e-14),
  ppml = glm(aid_eur ~ ln_population + ln_gdp_pc_pps + leader_any, quasipoisson, d, epsilon = 1e-14, maxit = 100),
  fractional_rate = glm(rate ~ ln_population + ln_gdp_pc_pps + leader_share, quasibinomial, d, epsilon = 1e-14),
  fractional_aid = glm(aid_share ~ ln_population + ln_gdp_pc_pps + leader_any, quasibinomial, d, epsilon = 1e-14, maxit = 100))
for (name in names(fits)) {
  fit <- fits[[name]]; term <- tail(names(coef(fit)), 1)
  put(name, "estimate", coef(fit)[[term]], deparse1(fit$call))
  for (kind in c("HC0", "HC1", "HC2", "HC3"))
    put(name, kind, sqrt(vcovHC(fit, type = kind)[term, term]), sprintf("sandwich::vcovHC(type = '%s')", kind))
}
d$any <- as.integer(d$n_participations > 0)
firth <- glm(any ~ ln_population + ln_gdp_pc_pps + leader_any, binomial, d, method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 500)
put("any", "estimate", coef(firth)[["leader_any"]], "brglm2::brglmFit(type = 'AS_mean')")
put("any", "se", sqrt(vcov(firth)["leader_any", "leader_any"]), "brglm2::brglmFit(type = 'AS_mean')")
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste(c("sandwich", "brglm2"),
  sapply(c("sandwich", "brglm2"), function(p) as.character(packageVersion(p))))), "versions.txt")
