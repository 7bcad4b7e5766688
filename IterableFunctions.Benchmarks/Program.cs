using IterableFunctions.Benchmarks;

return args switch
{
    ["map", "--generate", ..] => Traffic.Write(args[1..]),
    ["map", var file] => MapBenchmark.Run(file),
    ["queries", ..] => QueriesBenchmark.Run(args[1..]),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project IterableFunctions.Benchmarks -- COMMAND
          map FILE                       maps a file of Segment messages, one JSON a line, and prints the speed
          map --generate N [--seed S]    writes N realistic Segment messages to standard output
          queries                        parses, folds and evaluates definitions, and prints the speed
        """);
    return 2;
}
