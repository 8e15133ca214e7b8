"""What is done to images between decoding and learning."""
