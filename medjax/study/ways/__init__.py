"""What studies of sites and of transfer share: parts are distilled, networks trained and scored."""
