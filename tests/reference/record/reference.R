# Numbers of R that tests/evidence/test_answer.py compares with: the next participation given the record so far.
# Run:  cd tests/reference/record && Rscript reference.R   (R >= 4.2; logistf)
# dyads.csv: the registered dyads, written by the package and never again (the registered period is closed).
# expected.csv has one number per row: dataset, term, quantity, value, call (how R got it).
suppressMessages(library(logistf))
out <- list()
put <- function(dataset, term, quantity, value, call)
  out[[length(out) + 1]] <<- data.frame(dataset, term, quantity, value = sprintf("%.12g", value), call)
with_history <- function(d, day) { # share of the projects of earlier days in which the country took part; without the first
  d$earlier_share <- vapply(seq_len(nrow(d)), function(i) mean(d$participates[d$geo == d$geo[i] & day < day[i]]), 0)
  d[!is.nan(d$earlier_share), ]
}
rao <- function(d, y, Z) suppressWarnings(anova(glm(y ~ Z, family = binomial, epsilon = 1e-13),
                                                glm(y ~ Z + d, family = binomial, epsilon = 1e-13), test = "Rao")$Rao[2])

# ---- the record: Firth logit, profile penalised likelihood, dispersion of country totals, score statistic ----
all <- read.csv("dyads.csv")
d <- with_history(all, as.Date(all$decision_date))
controls <- c("ln_population", "ln_gdp_pc_pps", "earlier_share")
call <- "logistf(participates ~ ln_population + ln_gdp_pc_pps + earlier_share + leader)"
fit <- logistf(reformulate(c(controls, "leader"), "participates"), d,
               control = logistf.control(maxit = 5000, gconv = 1e-11, xconv = 1e-11, lconv = 1e-11),
               plcontrol = logistpl.control(maxit = 5000, xconv = 1e-10, lconv = 1e-10))
X <- model.matrix(~ ln_population + ln_gdp_pc_pps + earlier_share + leader, d)
eta <- drop(X[, -1] %*% coef(fit)[-1]); p <- plogis(drop(X %*% coef(fit)))
V <- solve(crossprod(X * sqrt(p * (1 - p))))
mu <- plogis(eta + coef(glm(participates ~ offset(eta), binomial, d, epsilon = 1e-14))[[1]])
df <- length(unique(d$geo)) - ncol(X)
phi <- sum(tapply(d$participates - mu, d$geo, sum)^2 / tapply(mu * (1 - mu), d$geo, sum)) / df
put("record", "all", "n", nrow(d), "rows with a record before them")
put("record", "all", "dispersion", phi, "sum(e_i^2 / v_i) / 22 on country totals, FLIC probabilities")
for (term in c(controls, "leader")) {
  j <- match(term, colnames(X)); b <- coef(fit)[[j]]; reach <- qt(0.975, df) * sqrt(V[j, j] * phi)
  put("record", term, "estimate", b, call)
  put("record", term, "ci_low", fit$ci.lower[[j]], paste0(call, "$ci.lower, pl = TRUE"))
  put("record", term, "ci_high", fit$ci.upper[[j]], paste0(call, "$ci.upper, pl = TRUE"))
  put("record", term, "t_low", b - reach, "b - qt(.975, 22) * sqrt(V[j, j] * dispersion)")
  put("record", term, "t_high", b + reach, "b + qt(.975, 22) * sqrt(V[j, j] * dispersion)")
}
put("record", "leader", "rao", rao(d$leader, d$participates, as.matrix(d[, controls])), "anova(null, full, test = 'Rao')")

# ---- small.csv, its four projects in time: every permutation of the status rows of the seven countries ----
s <- read.csv("../small.csv")
s <- with_history(s, match(s$ipcei_id, paste0("P", 1:4)))
perms <- function(v) if (length(v) == 1) list(v) else unlist(lapply(seq_along(v), function(k)
  lapply(perms(v[-k]), function(rest) c(v[k], rest))), recursive = FALSE)
status <- matrix(s$leader, nrow = 3)
stats <- vapply(perms(1:7), function(o) rao(c(status[, o]), s$participates, as.matrix(s[, c("size", "earlier_share")])), 0)
how <- "all 5040 permutations of status rows, anova Rao, given size and earlier_share"
put("small", "leader", "rao", stats[1], "anova(null, full, test = 'Rao')")
put("small", "leader", "p_rows", mean(stats >= stats[1] * (1 - 1e-7)), paste("share of", how))
put("small", "leader", "sum_rows", sum(sqrt(stats)), paste("sum of sqrt(Rao) over", how))
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("logistf", packageVersion("logistf"))), "versions.txt")
