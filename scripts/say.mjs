// Everything the bootstrap says goes to stderr: stdout belongs to the task.
export const say = (text) => process.stderr.write(`[writ] ${text}\n`);

/** An error whose message is for people: what, why, what next. Printed without a stack. */
export const plainError = (message) => Object.assign(new Error(message), { plain: true });
