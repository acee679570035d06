# Numbers of R that tests/test_priors.py compares with: log-F priors by data augmentation, and random intercepts.
# Run:  cd tests/reference/priors && Rscript reference.R   (R >= 4.2; lme4)
# expected.csv has one number per row: model, quantity, value, call (how R got it).
suppressMessages(library(lme4))
out <- list()
put <- function(model, quantity, value, call)
  out[[length(out) + 1]] <<- data.frame(model, quantity, value = sprintf("%.12g", value), call)
d <- read.csv("../dyads.csv")
z <- function(v) (v - mean(v)) / sqrt(mean((v - mean(v))^2))
x <- cbind(1, z(d$ln_population), z(d$ln_gdp_pc_pps), d$leader)
# The prior is m observations, half of them successes, at exposure 1 and everything else 0. Weights need not be whole.
augmented <- function(m, phi) list(x = rbind(x, c(0, 0, 0, 1)), y = c(d$participates, 0.5), w = c(rep(1 / phi, nrow(d)), m))
likelihood <- function(a, eta) sum(a$w * (a$y * eta - log1p(exp(eta))))
for (m in c(0.5, 1, 2, 4, 10)) for (phi in c(1, 2.3)) {
  a <- augmented(m, phi)
  fit <- suppressWarnings(glm.fit(a$x, a$y, a$w, family = quasibinomial(), intercept = FALSE, control = list(epsilon = 1e-14, maxit = 200)))
  b <- fit$coefficients[4]
  p <- plogis(drop(a$x %*% fit$coefficients))
  se <- sqrt(solve(t(a$x) %*% (a$x * a$w * p * (1 - p)))[4, 4])
  top <- likelihood(a, drop(a$x %*% fit$coefficients))
  gap <- function(v) {
    at <- suppressWarnings(glm.fit(a$x[, 1:3], a$y, a$w, offset = v * a$x[, 4], family = quasibinomial(), intercept = FALSE, control = list(epsilon = 1e-14, maxit = 200)))
    2 * (top - likelihood(a, drop(a$x[, 1:3] %*% at$coefficients) + v * a$x[, 4])) - qchisq(0.95, 1)
  }
  name <- sprintf("m=%g phi=%g", m, phi)
  put(name, "estimate", b, "glm.fit on the augmented data, quasibinomial")
  put(name, "se", se, "inverse information of the augmented data")
  put(name, "ci_low", uniroot(gap, c(b - 8 * se, b), tol = 1e-12)$root, "uniroot of the profile, qchisq(0.95, 1)")
  put(name, "ci_high", uniroot(gap, c(b, b + 8 * se), tol = 1e-12)$root, "uniroot of the profile, qchisq(0.95, 1)")
}
d$size <- z(d$ln_population); d$wealth <- z(d$ln_gdp_pc_pps)
fit <- glmer(participates ~ leader + size + wealth + (1 | geo), d, binomial, nAGQ = 25,
             control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-9)))
call <- "lme4::glmer(nAGQ = 25, bobyqa)"
put("random", "estimate", fixef(fit)[["leader"]], call)
put("random", "sd", sqrt(as.data.frame(VarCorr(fit))$vcov[1]), call)
put("random", "log_likelihood", as.numeric(logLik(fit)), call)
ends <- suppressMessages(confint(fit, parm = "leader", quiet = TRUE))
put("random", "ci_low", ends[1], "confint(glmer), profile"); put("random", "ci_high", ends[2], "confint(glmer), profile")
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("lme4", packageVersion("lme4"))), "versions.txt")
