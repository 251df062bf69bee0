"""The declaration of every site, and (later) the Pulumi program that makes it real."""
