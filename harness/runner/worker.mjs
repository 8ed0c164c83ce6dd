/** Where a worker thread starts: see register.mjs for why, and worker-task.ts for what it does. */
import "./register.mjs";

const { takeOverConsole } = await import("./console.ts");
const { watchSurroundings } = await import("./surroundings.ts");
const { performTask } = await import("./worker-task.ts");
takeOverConsole();
watchSurroundings();
export default performTask;
