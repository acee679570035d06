# Makes every R number that the tests compare with, and the small inputs. CI only reads its output.
# Run:  cd tests/reference && Rscript reference.R        (R >= 4.2, package brglm2)
# expected.csv has one number per row: dataset, term, quantity, value, call (how R got it).
suppressMessages(library(brglm2))
out <- list()
put <- function(dataset, term, quantity, value, call)
  out[[length(out) + 1]] <<- data.frame(dataset, term, quantity, value = sprintf("%.15g", value), call)
save_input <- function(d, name) write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)

# ---- inputs -------------------------------------------------------------------------------------------------------
data(endometrial)                                  # Heinze & Schemper (2002), as shipped with brglm2
save_input(endometrial, "endometrial")
data(lizards)                                      # Schoener (1968), grouped in brglm2, expanded to single animals here
liz <- do.call(rbind, lapply(seq_len(nrow(lizards)), function(i) with(lizards[i, ], data.frame(
  opalinus = rep(c(0, 1), c(grahami, opalinus)), tall = as.integer(height != levels(lizards$height)[1]),
  wide = as.integer(diameter != levels(lizards$diameter)[1]), sunny = as.integer(light == "sunny"),
  midday = as.integer(time == "midday"), late = as.integer(time == "late"), row.names = NULL))))
save_input(liz, "lizards")
cars <- mtcars[, c("am", "wt", "hp")]              # base R; nearly separated by weight
save_input(cars, "mtcars")
complete <- data.frame(y = rep(0:1, each = 6), x = c(1.2, 2.1, 2.9, 3.3, 4.8, 5.1, 6.0, 6.4, 7.7, 8.1, 9.5, 9.9),
                       z = c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8))
save_input(complete, "complete")
# A made-up design of the shape of the real one: 27 countries x 11 projects, status that changes, heterogeneous countries.
set.seed(27)
K <- 11; geo <- sprintf("C%02d", 1:27); size <- round(rnorm(27, 15.8, 1.4), 3); wealth <- round(rnorm(27, 4.55, 0.3), 3)
ever <- order(-wealth + rnorm(27, 0, 0.3))[1:6]; shock <- rnorm(27, 0, 0.9); popular <- rnorm(K, 0, 0.6)
dyads <- expand.grid(ipcei_id = sprintf("P%02d", 1:K), geo = geo, stringsAsFactors = FALSE)[, 2:1]
i <- match(dyads$geo, geo); j <- as.integer(sub("P", "", dyads$ipcei_id))
dyads$ln_population <- size[i] + 0.005 * j; dyads$ln_gdp_pc_pps <- round(wealth[i] + 0.01 * j + rnorm(297, 0, 0.02), 4)
dyads$fixed <- as.integer(i %in% ever[1:5])
dyads$leader <- as.integer(i %in% ever[1:4] | (i == ever[5] & j > 4) | (i == ever[6] & j < 4))
dyads$participates <- rbinom(297, 1, plogis(-17 + 0.9 * dyads$ln_population + 0.4 * dyads$ln_gdp_pc_pps + 0.5 * dyads$leader +
                                            shock[i] + popular[j]))
save_input(dyads, "dyads")
set.seed(7)                                        # small enough to try every permutation: 7 countries x 4 projects
small <- expand.grid(ipcei_id = paste0("P", 1:4), geo = LETTERS[1:7], stringsAsFactors = FALSE)[, 2:1]
small$size <- round(rnorm(7), 2)[match(small$geo, LETTERS)]
small$fixed <- as.integer(small$geo %in% c("B", "E"))
small$leader <- as.integer(small$geo == "B" | (small$geo == "E" & small$ipcei_id %in% c("P3", "P4")) |
                           (small$geo == "F" & small$ipcei_id == "P1"))
small$participates <- rbinom(28, 1, plogis(0.8 * small$size + 0.7 * small$leader))
save_input(small, "small")

# ---- Firth logit: brglm2 estimate and standard error; profile and likelihood ratio by optim on l + log|I| / 2 --------
penalised <- function(b, X, y) {
  eta <- drop(X %*% b); p <- plogis(eta)
  sum(y * eta - ifelse(eta > 30, eta, log1p(exp(eta)))) + 0.5 * c(determinant(crossprod(X * sqrt(p * (1 - p))))$modulus)
}
constrained <- function(j, value, X, y, best) { # maximum with coefficient j held at value
  Q <- qr.Q(qr(X[, -j, drop = FALSE])) * sqrt(nrow(X))   # the same space as the free columns, well conditioned for optim
  held <- X[, j] * value
  f <- function(a) {
    p <- plogis(held + drop(Q %*% a))
    v <- sum(ifelse(y == 1, log(p), log1p(-p))) + 0.5 * c(determinant(crossprod(X * sqrt(p * (1 - p))))$modulus)
    if (is.finite(v)) -v else 1e10
  }
  at <- function(free) drop(crossprod(Q, X[, -j, drop = FALSE] %*% free)) / nrow(X)
  climb <- function(a) {
    for (k in 1:6) {
      a <- optim(a, f, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000))$par
      fit <- optim(a, f, method = "Nelder-Mead", control = list(reltol = 1e-15, maxit = 5000)); a <- fit$par
    }
    -fit$value
  }
  max(vapply(list(at(best[-j]), at(best[-j] * value / best[j]), 0 * best[-j]), climb, 0))
}
firth <- function(dataset, formula, d) {
  fit <- glm(formula, family = binomial, data = d, method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 5000)
  call <- sprintf("glm(%s, binomial, method = 'brglmFit', type = 'AS_mean')", deparse(formula))
  y <- fit$y; X <- model.matrix(fit)
  scale <- apply(X, 2, sd); scale[1] <- 1          # scaled for optim; no centring, so every parameter keeps its meaning
  Xs <- sweep(X, 2, scale, "/"); best <- coef(fit) * scale; top <- penalised(best, Xs, y); se <- sqrt(diag(vcov(fit))) * scale
  for (j in seq_along(best)) {
    term <- if (j == 1) "intercept" else names(best)[j]
    put(dataset, term, "estimate", coef(fit)[[j]], call)
    put(dataset, term, "se", sqrt(diag(vcov(fit)))[[j]], call)
    gap <- function(value) 2 * (top - constrained(j, value, Xs, y, best)) - qchisq(0.95, 1)
    lo <- best[j] - 1.5 * se[j]; while (gap(lo) < 0) lo <- lo - se[j]
    hi <- best[j] + 1.5 * se[j]; while (gap(hi) < 0) hi <- hi + se[j]
    ends <- c(uniroot(gap, c(lo, best[j]), tol = 1e-9)$root, uniroot(gap, c(best[j], hi), tol = 1e-9)$root) / scale[j]
    put(dataset, term, "ci_low", ends[1], "optim/uniroot on the profile penalised log-likelihood")
    put(dataset, term, "ci_high", ends[2], "optim/uniroot on the profile penalised log-likelihood")
    put(dataset, term, "p_value", pchisq(2 * (top - constrained(j, 0, Xs, y, best)), 1, lower.tail = FALSE),
        "penalised likelihood ratio by optim")
  }
  fit
}
. <- firth("endometrial", HG ~ NV + PI + EH, endometrial)
. <- firth("lizards", opalinus ~ tall + wide + sunny + midday + late, liz)
. <- firth("mtcars", am ~ wt + hp, cars)
. <- firth("complete", y ~ x + z, complete)
fit <- firth("dyads", participates ~ ln_population + ln_gdp_pc_pps + leader, dyads)

# ---- what follows from the Firth fit of the made-up dyads --------------------------------------------------------------
eta <- drop(model.matrix(fit)[, -1] %*% coef(fit)[-1])
flic <- coef(glm(participates ~ offset(eta), binomial, dyads, epsilon = 1e-14))[[1]]
mu <- plogis(flic + eta); ey <- tapply(dyads$participates - mu, dyads$geo, sum); v <- tapply(mu * (1 - mu), dyads$geo, sum)
phi <- sum(ey^2 / v) / 23; b <- coef(fit)[["leader"]]; se <- sqrt(vcov(fit)["leader", "leader"] * phi)
put("dyads", "leader", "flic_intercept", flic, "coef(glm(participates ~ offset(eta), binomial))")
put("dyads", "leader", "dispersion", phi, "sum(e_i^2 / v_i) / 23 on country totals, FLIC probabilities")
put("dyads", "leader", "t_low", b - qt(0.975, 23) * se, "b - qt(.975, 23) * se * sqrt(phi)")
put("dyads", "leader", "t_high", b + qt(0.975, 23) * se, "b + qt(.975, 23) * se * sqrt(phi)")
put("dyads", "leader", "t_p", 2 * pt(-abs(b / se), 23), "2 * pt(-|t|, 23)")
bare <- eta - b * dyads$leader
put("dyads", "leader", "ame", mean(plogis(flic + bare + b) - plogis(flic + bare)), "mean(p(1, z) - p(0, z)), FLIC")

# ---- quasi-binomial of country totals ----------------------------------------------------------------------------------
tot <- aggregate(cbind(participates, ln_population, ln_gdp_pc_pps, fixed) ~ geo, dyads, mean)
tot$n <- round(tot$participates * K)
quasi <- glm(cbind(n, K - n) ~ ln_population + ln_gdp_pc_pps + fixed, quasibinomial, tot, epsilon = 1e-14)
table <- summary(quasi)$coefficients
for (term in rownames(table)) {
  name <- if (term == "(Intercept)") "intercept" else term
  put("totals", name, "estimate", table[term, 1], "summary(glm(cbind(n, K - n) ~ ., quasibinomial))")
  put("totals", name, "se", table[term, 2], "summary(glm(cbind(n, K - n) ~ ., quasibinomial))")
  put("totals", name, "p_value", table[term, 4], "summary(glm(cbind(n, K - n) ~ ., quasibinomial))")
}
put("totals", "fixed", "dispersion", summary(quasi)$dispersion, "summary(glm(., quasibinomial))$dispersion")

# ---- permutation tests: Rao score statistic of glm, every labelling or permutation ------------------------------------
rao <- function(d, y, Z) {                         # R's own score test; refitted for each d
  null <- glm(y ~ Z, family = binomial, epsilon = 1e-13); full <- glm(y ~ Z + d, family = binomial, epsilon = 1e-13)
  anova(null, full, test = "Rao")$Rao[2]
}
quiet <- function(...) suppressWarnings(rao(...))
Zs <- as.matrix(small$size); labels <- LETTERS[1:7]
observed <- quiet(small$fixed, small$participates, Zs)
all2 <- combn(labels, 2); stats <- apply(all2, 2, function(s) quiet(as.integer(small$geo %in% s), small$participates, Zs))
put("small", "fixed", "rao", observed, "anova(null, full, test = 'Rao')")
put("small", "fixed", "p_enumerate", mean(stats >= observed * (1 - 1e-7)), "share of all combn(7, 2) labellings, anova Rao")
perms <- function(v) if (length(v) == 1) list(v) else unlist(lapply(seq_along(v), function(k)
  lapply(perms(v[-k]), function(rest) c(v[k], rest))), recursive = FALSE)
orders <- perms(1:7)
statuses <- matrix(small$leader, nrow = 4); residuals <- matrix(resid(lm(leader ~ size, small)), nrow = 4)
scored <- function(M) { observed <- quiet(c(M), small$participates, Zs)
  all <- vapply(orders, function(o) quiet(c(M[, o]), small$participates, Zs), 0); c(observed, mean(all >= observed * (1 - 1e-7)), sum(sqrt(all))) }
rows <- scored(statuses); prr <- scored(residuals)
put("small", "leader", "rao", rows[1], "anova(null, full, test = 'Rao')")
put("small", "leader", "p_rows", rows[2], "share of all 5040 permutations of status rows, anova Rao")
put("small", "leader", "sum_rows", rows[3], "sum over the 5040 permutations of sqrt(Rao)")
put("small", "leader", "rao_potter", prr[1], "anova(null, full, test = 'Rao') with lm residuals")
put("small", "leader", "p_potter", prr[2], "share of all 5040 permutations of residual rows, anova Rao")
put("small", "leader", "sum_potter", prr[3], "sum over the 5040 permutations of sqrt(Rao)")
Zd <- as.matrix(dyads[, c("ln_population", "ln_gdp_pc_pps")])
put("dyads", "leader", "rao", quiet(dyads$leader, dyads$participates, Zd), "anova(null, full, test = 'Rao')")
put("dyads", "fixed", "rao", quiet(dyads$fixed, dyads$participates, Zd), "anova(null, full, test = 'Rao')")
put("holm", "all", "p1", p.adjust(c(0.01, 0.04, 0.03, 0.2), "holm")[1], "p.adjust(c(.01, .04, .03, .2), 'holm')")
put("holm", "all", "p2", p.adjust(c(0.01, 0.04, 0.03, 0.2), "holm")[2], "p.adjust(c(.01, .04, .03, .2), 'holm')")
put("holm", "all", "p3", p.adjust(c(0.01, 0.04, 0.03, 0.2), "holm")[3], "p.adjust(c(.01, .04, .03, .2), 'holm')")

# ---- random intercept: conditional logit and covariance within a country, by adaptive integration ----------------------
for (mu0 in c(0.05, 0.32, 0.8)) for (sd in c(0.5, 1.02, 2.5)) {
  eta0 <- uniroot(function(e) integrate(function(u) plogis(e + sd * u) * dnorm(u), -9, 9, rel.tol = 1e-11)$value - mu0,
                  c(-30, 30), tol = 1e-12)$root
  second <- integrate(function(u) plogis(eta0 + sd * u)^2 * dnorm(u), -9, 9, rel.tol = 1e-11)$value
  term <- sprintf("%g/%g", mu0, sd)
  put("intercept", term, "conditional_logit", eta0, "uniroot and integrate")
  put("intercept", term, "dispersion_11", 1 + 10 * (second - mu0^2) / (mu0 * (1 - mu0)), "1 + 10 cov / var, 11 equal dyads")
}
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("brglm2", packageVersion("brglm2"))), "versions.txt")
