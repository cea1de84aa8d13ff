"""Sign-in through an MSP's own identity provider: for invited people of that MSP and nobody else."""
