// Loaded ahead of a process (`node --import`) that was started with an IPC channel: ends it when its parent has ended,
// however that came about.
process.on("disconnect", () => process.exit());
process.channel?.unref();
