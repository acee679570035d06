# Makes shapley.csv: Shapley values of R2 (LMG) as the mean gain over all orders of entering the columns, with R's lm and glm.
# Run:  cd tests/reference/importance && Rscript shapley.R        (base R 4.2; package relaimpo does not install there)
permutations <- function(v) if (length(v) < 2) list(v) else
  do.call(c, lapply(seq_along(v), function(i) lapply(permutations(v[-i]), function(p) c(v[i], p))))
fit <- list(
  linear = function(columns, y, d) if (!length(columns)) 0 else summary(lm(reformulate(columns, y), d))$r.squared,
  mcfadden = function(columns, y, d) if (!length(columns)) 0 else {
    f <- glm(reformulate(columns, y), binomial, d, control = list(epsilon = 1e-14, maxit = 200))
    1 - f$deviance / f$null.deviance
  })
cases <- list(dyads = c("participates", "ln_population", "ln_gdp_pc_pps", "leader"), mtcars = c("am", "wt", "hp"))
out <- NULL
for (name in names(cases)) for (measure in names(fit)) {
  d <- read.csv(file.path("..", paste0(name, ".csv"))); y <- cases[[name]][1]; columns <- cases[[name]][-1]
  value <- setNames(numeric(length(columns)), columns); orders <- permutations(columns)
  for (o in orders) for (k in seq_along(o)) value[o[k]] <- value[o[k]] +
    (fit[[measure]](o[1:k], y, d) - fit[[measure]](o[seq_len(k - 1)], y, d)) / length(orders)
  out <- rbind(out, data.frame(dataset = name, measure, column = columns, shapley = sprintf("%.12g", value)))
}
write.csv(out, "shapley.csv", row.names = FALSE, quote = FALSE)
