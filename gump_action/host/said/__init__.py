"""What people read on GitHub's pages: the comment, the summary, pull requests and commits."""
