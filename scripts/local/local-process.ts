import { Server } from "node:net";

// Loaded ahead of a function's process (`node --import`) that was started with an IPC channel.

// It ends when its parent has ended, however that came about.
process.on("disconnect", () => process.exit());
process.channel?.unref();

// functions-framework listens on every interface; what runs on a developer's machine is not for its network.
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  const isPort = typeof args[0] === "number" || typeof args[0] === "string";
  if (isPort && typeof args[1] !== "string") args.splice(1, 0, "127.0.0.1");
  return listen.apply(this, args as Parameters<typeof listen>);
} as typeof listen;
