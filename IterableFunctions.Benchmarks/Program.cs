using IterableFunctions.Benchmarks;

if (args is ["queries", ..])
    return QueriesBenchmark.Run(args[1..]);
Console.WriteLine("benchmarks");
return 0;
