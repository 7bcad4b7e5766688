// Runs Azurite for as long as whoever started it lives: `node azurite.mjs <milliseconds> <azurite.js> <Azurite's options>`.
import { pathToFileURL } from 'node:url';

const [closesWithin, entry] = process.argv.splice(2, 2);

// Standard input is a pipe from the parent, which the system closes however the parent ends, SIGKILL included. Azurite then
// gets the signal on which it writes its data to disk; what still holds it after so many milliseconds is cut off.
process.stdin.resume().once('close', () => {
    process.emit('SIGTERM');
    setTimeout(() => process.exit(), Number(closesWithin)).unref();
});

// Ctrl+C goes to the whole process group, but the local host still needs its storage while it ends.
process.on('SIGINT', () => { });
process.on('newListener', (name, listener) => {
    if (name === 'SIGINT')
        setImmediate(() => process.removeListener(name, listener));
});

// A parent that is gone no longer reads what Azurite says while it closes.
process.stdout.on('error', () => { });
process.stderr.on('error', () => { });

await import(pathToFileURL(entry));
