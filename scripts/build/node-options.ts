/**
 * `NODE_OPTIONS` of every process that runs a function. The platform adds its own `--max-old-space-size` to it.
 *
 * Left alone, V8's young generation grows to 128 MiB under load, beyond what `--max-old-space-size` bounds: at 80 requests
 * at once a process peaked at 225 MB, with this at 146, at the same CPU an event.
 */
export const nodeOptions = "--max-semi-space-size=16";
