"""Transfer: networks of one data set, or of images distilled from it, on another one."""
