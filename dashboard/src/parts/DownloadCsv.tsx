import { Button } from "@mantine/core";
import { address } from "../words/address.ts";

/** The way to a table as a file: the same rows, in the same order, as far as it is filtered. */
export function DownloadCsv({ from, query }: { from: `/api/v2/${string}.csv`; query?: Parameters<typeof address>[1] }) {
  return (
    <Button variant="default" component="a" href={address(from, query)}>
      Download CSV
    </Button>
  );
}
