"""Tests of making sessions, with a slow book and writers of recordings of their own."""
