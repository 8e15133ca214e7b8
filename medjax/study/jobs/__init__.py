"""The jobs of a study: done once, by one process, in a folder that appears whole.

To add a kind of jobs, write a module with

- ``run(job, folder) -> list[Row]``: does the job from its description alone, and returns rows
  whose ``job`` is empty. Files that it writes to ``folder`` are kept beside the rows. What an
  earlier job made is in ``folder_of(need, beside=folder)`` for each ``need`` of ``job.needs``, all
  of which are finished. An exception makes the job fail, with its text as the reason;
- ``seconds(job) -> float``: a rule for what it takes on one core, where nothing was measured yet;
- ``KIND = Kind(run, seconds, sources=(…))``, where ``sources`` names the files and folders of
  medjax whose code decides the rows, and ``distils=True`` adds those of the run's method;

and a line in ``kinds.MODULES``. ``make_job`` makes the descriptions, in a function that lists the
jobs of a study. A process that does jobs has one core, so a module loads JAX where it needs it.
"""
