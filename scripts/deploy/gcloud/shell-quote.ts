/** Stands for the project's number in commands that are printed and not run: the shell fills it in. */
export const projectNumberVariable = "$PROJECT_NUMBER";

/** Writes a command so that it can be pasted into a POSIX shell and reaches the program as the same arguments. */
export function toShellCommand(program: string, args: readonly string[]): string {
  return [program, ...args].map(quote).join(" ");
}

function quote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  if (argument.includes(projectNumberVariable)) return `"${argument}"`;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
