using IterableFunctions.Benchmarks;

return args switch
{
    ["map", "--generate", ..] => Traffic.Write(args[1..]),
    ["map", var file] => MapBenchmark.Run(file),
    ["queries", ..] => QueriesBenchmark.Run(args[1..]),
    ["recompute", ..] => await RecomputeBenchmark.RunAsync(args[1..]),
    ["load", ..] => await LoadBenchmark.RunAsync(args[1..]),
    ["first-sync", ..] => await FirstSyncBenchmark.RunAsync(args[1..]),
    ["share", ..] => await ShareBenchmark.RunAsync(args[1..]),
    ["startup", ..] => await StartupBenchmark.RunAsync(args[1..]),
    // What the three above start as processes of their own.
    ["serve-app", var url, var iterable, var storage, var folder, var personas] => await LoadServers.AppAsync(url, iterable, storage, folder, personas),
    ["serve-bare", var url, var iterable] => await LoadServers.BareAsync(url, iterable),
    ["serve-iterable", var url] => await LoadServers.IterableAsync(url),
    ["serve-empty", var url] => await StartupBenchmark.ServeEmptyAsync(url),
    ["call", var iterable, var user, var seconds] => await ShareBenchmark.CallAsync(iterable, user, seconds),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project IterableFunctions.Benchmarks -- COMMAND
          map FILE                       maps a file of Segment messages, one JSON a line, and prints the speed
          map --generate N [--seed S]    writes N realistic Segment messages to standard output
          queries                        parses, folds and evaluates definitions, and prints the speed
          recompute [--profiles N] [--churn C]
                                         runs an hour that changes a part C of N profiles in memory, and a look at all of them, and prints what both cost
          load [--seconds S]             offers 2,000 tracks/s and 500 identifies/s to the webhook, by turns with an endpoint that only forwards; then with profiles
          first-sync [--members N] [--kills K] [--single] [--track] [--azurite] [--faster X]
                                         tells the sandbox of everybody, at Iterable's rates, by workers that are killed on the way
          share [--seconds S]            lets two processes share one limit of the sandbox, and prints what each got
          startup [--runs N] [--app DLL] starts the local host, by turns with an empty ASP.NET app, and prints the time to the first 200
        """);
    return 2;
}
