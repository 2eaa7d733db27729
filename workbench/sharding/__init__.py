"""One long list that many processes share: who does what, what is done, what is set aside, and all of it at the end."""
