"""The demo: a whole campaign in virtual time, and the proof that it kept its promises."""
