/** Where a worker thread starts: see register.mjs for why, and worker-task.ts for what it does. */

async function started() {
  // Deep enough that a mistake's own place is among the frames, below those of what it called.
  Error.stackTraceLimit = 40;
  await import("./register.mjs");
  const { takeOverConsole } = await import("./console.ts");
  const { takeOverProcess } = await import("./foreign-process.ts");
  const { watchSurroundings } = await import("./surroundings.ts");
  const { performTask } = await import("./worker-task.ts");
  takeOverConsole();
  takeOverProcess();
  watchSurroundings();
  return performTask;
}

/**
 * A thread whose modules cannot be loaded says so: one that ends before it begins leaves its tasks
 * waiting for another thread.
 * @param {unknown} error
 */
const failing = (error) => () => {
  const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const message = `the lab's own modules cannot be loaded in a thread: ${why}`;
  return { end: "lab", message, ...(stack === undefined ? {} : { stack }) };
};

export default await started().catch(failing);
