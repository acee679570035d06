# Makes every R number that test_barriers.py and test_scenarios.py compare with, and the small inputs. CI only reads its output.
# Run:  cd tests/reference/barriers && Rscript reference.R        (R >= 4.2, packages cluster, mclust)
# expected.csv has one number per row: topic, term, quantity, value, call (how R got it).
# The R package oaxaca is not in Debian; the twofold decomposition is built here from lm() and predict().
suppressMessages({library(cluster); library(mclust)})
out <- list()
put <- function(topic, term, quantity, value, call)
  out[[length(out) + 1]] <<- data.frame(topic, term, quantity, value = sprintf("%.15g", value), call)

# ---- two-way split: squares of one-way analysis of variance around zero ------------------------------------------------
feed <- transform(chickwts, gap = weight - 200)
write.csv(data.frame(unit = sprintf("u%02d", seq_len(nrow(feed))), country = feed$feed, contribution = feed$gap), "split.csv",
          row.names = FALSE, quote = FALSE)
table <- anova(lm(gap ~ 1, feed), lm(gap ~ feed, feed))
put("split", "total", "squares", sum(feed$gap^2), "sum(gap^2)")
put("split", "general", "squares", nrow(feed) * coef(lm(gap ~ 1, feed))[[1]]^2, "n * coef(lm(gap ~ 1))^2")
put("split", "country", "squares", table[["Sum of Sq"]][2], "anova(lm(gap ~ 1), lm(gap ~ feed))")
put("split", "specific", "squares", table[["RSS"]][2], "anova(...)$RSS")
for (name in levels(feed$feed)) put("split", name, "country_part", coef(lm(gap ~ 0 + feed, feed))[[paste0("feed", name)]] - mean(feed$gap),
                                    "coef(lm(gap ~ 0 + feed)) - mean(gap)")

# ---- twofold Oaxaca-Blinder: mtcars, automatic cars as the lagging group -----------------------------------------------
cars <- transform(mtcars[, c("mpg", "wt", "hp", "qsec", "am")], lag = 1 - am)
write.csv(cars[, c("mpg", "wt", "hp", "qsec", "lag")], "oaxaca.csv", row.names = FALSE, quote = FALSE)
f <- mpg ~ wt + hp + qsec
a <- lm(f, cars[cars$lag == 0, ]); b <- lm(f, cars[cars$lag == 1, ])
xa <- colMeans(model.matrix(a)); xb <- colMeans(model.matrix(b)); n <- table(cars$lag)
pooled <- coef(lm(update(f, . ~ . + lag), cars))[names(coef(a))]
reference <- list(leading = coef(a), lagging = coef(b), reimers = (coef(a) + coef(b)) / 2,
                  cotton = (n[["0"]] * coef(a) + n[["1"]] * coef(b)) / sum(n), neumark = coef(lm(f, cars)), pooled = pooled)
for (kind in names(reference)) {
  e <- (xa - xb) * reference[[kind]]; u <- xa * (coef(a) - reference[[kind]]) + xb * (reference[[kind]] - coef(b))
  for (term in names(e)) { put("oaxaca", paste(kind, term), "explained", e[[term]], "lm by group, means of model.matrix")
                           put("oaxaca", paste(kind, term), "unexplained", u[[term]], "lm by group, means of model.matrix") }
}
put("oaxaca", "difference", "difference", mean(cars$mpg[cars$lag == 0]) - mean(cars$mpg[cars$lag == 1]), "mean difference")

# ---- clusters: Ward (D2), silhouette, adjusted Rand ---------------------------------------------------------------------
flowers <- iris[c(1:12, 51:64, 101:114), ]; x <- as.matrix(flowers[, 1:4])
write.csv(data.frame(unit = sprintf("i%02d", seq_len(nrow(x))), species = flowers$Species, x), "profiles.csv", row.names = FALSE, quote = FALSE)
tree <- hclust(dist(x), "ward.D2")
for (k in 2:5) {
  g <- cutree(tree, k); s <- silhouette(g, dist(x))[, "sil_width"]
  put("profiles", paste("k", k), "mean_width", mean(s), "cluster::silhouette(cutree(hclust(dist(x), 'ward.D2'), k), dist(x))")
  put("profiles", paste("k", k), "width_1", s[1], "first unit"); put("profiles", paste("k", k), "width_30", s[30], "thirtieth unit")
  put("profiles", paste("k", k), "rand", adjustedRandIndex(g, flowers$Species), "mclust::adjustedRandIndex(g, Species)")
}
write.csv(do.call(rbind, out), "expected.csv", row.names = FALSE)
writeLines(c(R.version.string, paste("cluster", packageVersion("cluster")), paste("mclust", packageVersion("mclust"))), "versions.txt")
