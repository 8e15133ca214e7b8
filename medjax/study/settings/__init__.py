"""The words after the colon of configs of sites and of transfer."""
