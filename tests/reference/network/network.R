# Reference numbers for tests/test_network.py: vegan nestednodf and the curveball null model.
# Rscript network.R in this folder; writes expected.csv and versions.txt.
suppressMessages(library(vegan))
cases <- read.csv("matrices.csv")
rows <- list()
set.seed(11)
for (name in unique(cases$name)) {
  part <- cases[cases$name == name, ]
  m <- matrix(0, max(part$row) + 1, max(part$column) + 1)
  m[cbind(part$row + 1, part$column + 1)] <- part$value
  m <- m[rowSums(m) > 0, colSums(m) > 0]
  s <- nestednodf(m)$statistic
  sims <- simulate(nullmodel(m, "curveball"), nsim = 9999, burnin = 1000, thin = 100)
  draws <- apply(sims, 3, function(x) nestednodf(x)$statistic["NODF"])
  co <- apply(sims, 3, function(x) sum(x[1, ] * x[2, ]))
  rows[[name]] <- data.frame(name = name, nodf = s[["NODF"]], rows = s[["N.rows"]], columns = s[["N.columns"]],
                             null_mean = mean(draws), null_sd = sd(draws), shared_mean = mean(co), shared_sd = sd(co))
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("vegan", packageVersion("vegan"))), "versions.txt")
