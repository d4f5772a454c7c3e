/** @returns a number with its noun: `1 message`, `1,200 messages` */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
