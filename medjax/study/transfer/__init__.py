"""Transfer: networks that are trained on one data set, or on images distilled from it, on another."""
