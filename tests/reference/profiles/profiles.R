# Ends of profile penalised-likelihood intervals on small separated data, where the penalised likelihood or its profile has
# several maxima: the highest of many climbs by optim from starts of its own.
# Run:  cd tests/reference/profiles && Rscript profiles.R        (R >= 4.2, no package)
# profiles.csv: set, term, estimate, ci_low, ci_high, p_value.
set.seed(1)
cut <- qchisq(0.95, 1)
penalised <- function(b, X, y) {
  eta <- drop(X %*% b); w <- plogis(eta) * plogis(-eta)
  sum(plogis(ifelse(y == 1, eta, -eta), log.p = TRUE)) + 0.5 * c(determinant(crossprod(X * sqrt(w)))$modulus)
}
highest <- function(f, starts) {
  best <- list(value = Inf)
  for (i in seq_len(nrow(starts))) {
    a <- starts[i, ]
    for (r in 1:2) a <- optim(a, f, method = if (length(a) > 1 && r %% 2) "Nelder-Mead" else "BFGS",
                              control = list(maxit = 800, reltol = 1e-12))$par
    if (f(a) < best$value) best <- list(value = f(a), par = a)
  }
  best
}
out <- NULL
D <- read.csv("separated.csv")
for (s in unique(D$set)) {
  d <- D[D$set == s, ]
  terms <- Filter(function(t) !all(is.na(d[[t]])), c("x1", "x2", "x3"))
  raw <- as.matrix(d[terms]); unit <- apply(raw, 2, sd)
  X <- cbind(scale(raw), 1); p <- ncol(X); y <- d$y
  starts <- function(k) matrix(rnorm(5 * k), 5) * c(0.3, 1, 2, 4, 8)
  free <- function(f) function(a) { v <- f(a); if (is.finite(v)) -v else 1e10 }
  top <- highest(free(function(b) penalised(b, X, y)), starts(p))
  for (j in seq_along(terms)) {
    warm <- matrix(top$par[-j], 1)
    fall <- function(v) {
      f <- free(function(a) { b <- numeric(p); b[-j] <- a; b[j] <- v; penalised(b, X, y) })
      found <- highest(f, rbind(warm, starts(p - 1)))
      warm <<- rbind(found$par, tail(warm, 1))
      2 * (found$value - top$value)
    }
    end <- function(side) { # outermost crossing: inwards from far outside
      at <- top$par[j] + side * c(0.7, 1.5, 3, 5, 8, 12, 18, 26, 40)
      falls <- sapply(at, fall)
      i <- max(c(0, which(falls <= cut)))
      inner <- if (i == 0) top$par[j] else at[i]
      uniroot(function(v) sqrt(max(fall(v), 0)) - sqrt(cut), sort(c(inner, at[i + 1])), tol = 1e-8)$root
    }
    ends <- c(end(-1), end(1))
    out <- rbind(out, data.frame(set = s, term = terms[j], estimate = top$par[j] / unit[j], ci_low = ends[1] / unit[j],
                                 ci_high = ends[2] / unit[j], p_value = pchisq(max(fall(0), 0), 1, lower.tail = FALSE)))
    print(out[nrow(out), ])
  }
}
out[3:6] <- lapply(out[3:6], function(v) sprintf("%.12g", v))
write.csv(out, "profiles.csv", row.names = FALSE, quote = FALSE)
