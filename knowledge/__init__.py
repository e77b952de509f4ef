"""What is true: procedures, dated fees and times, units."""
