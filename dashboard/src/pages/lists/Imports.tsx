import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import * as query from "../../api/queries.ts";
import { ImportJobs, JOBS } from "../../parts/ImportJobs.tsx";

/** The latest imports into a list. */
export function Imports({ listId }: { listId: string }) {
  const jobs = useQuery(query.importJobs(listId));
  const queries = useQueryClient();
  const open = (jobs.data ?? []).filter(({ status }) => !JOBS[status].isOver).length;
  const before = useRef(open);
  useEffect(() => {
    // An import that has ended has changed the list.
    if (open < before.current) void queries.invalidateQueries({ queryKey: ["lists"] });
    before.current = open;
  }, [open, queries]);
  return <ImportJobs jobs={jobs.data ?? []} />;
}
