"""`python -m spark_vtuber` is the same program as `spark-vtuber`."""

from spark_vtuber.cli.entry import main

main()
