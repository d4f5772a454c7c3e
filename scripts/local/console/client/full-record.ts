import { useEffect, useState } from "preact/hooks";
import type { ConsoleRecord } from "../protocol.ts";

/** @returns the record with the whole of what was recorded of its body, once that has come */
export function useFull<T extends ConsoleRecord & { readonly isCut?: boolean }>(record: T): T {
  const [full, setFull] = useState<T>();
  useEffect(() => {
    if (!record.isCut) return;
    let isCurrent = true;
    fetchFull(record).then((found) => {
      if (isCurrent) setFull(found);
    });
    return () => {
      isCurrent = false;
    };
  }, [record.seq]);
  return full?.seq === record.seq ? full : record;
}

/** @returns the same record where the recorder has it no more */
export async function fetchFull<T extends ConsoleRecord & { readonly isCut?: boolean }>(record: T): Promise<T> {
  if (!record.isCut) return record;
  try {
    const response = await fetch(`/console/record?seq=${record.seq}`);
    return response.ok ? ((await response.json()) as T) : record;
  } catch {
    return record;
  }
}
