"""Recipes: several trainings, one after another, that make one model file."""
