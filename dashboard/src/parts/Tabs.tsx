import { Link, type LinkProps, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import style from "./Tabs.module.css";

export type TabPlace = { to: LinkProps["to"]; label: string; params?: Record<string, string>; isExact?: boolean };

/** Ways between the parts of one thing, each with an address of its own. Numbered where there is an order. */
export function Tabs({
  places,
  label,
  isNumbered = false,
}: {
  places: TabPlace[];
  label: string;
  isNumbered?: boolean;
}) {
  const path = useLocation({ select: ({ pathname }) => pathname });
  const all = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: which tab is current follows from the path.
  useEffect(() => {
    const nav = all.current;
    const current = nav?.querySelector<HTMLElement>("[aria-current]");
    if (!nav || !current) return;
    const [outer, inner] = [nav.getBoundingClientRect(), current.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) {
      nav.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
    }
  }, [path]);
  return (
    <nav ref={all} className={style.tabs} aria-label={label}>
      {places.map((place, index) => (
        <Link
          key={place.to}
          to={place.to}
          params={place.params as never}
          className={style.tab}
          activeOptions={{ exact: place.isExact ?? false, includeSearch: false }}
          activeProps={{ "aria-current": "page" }}
        >
          {isNumbered && <span className={style.number}>{index + 1}</span>}
          {place.label}
        </Link>
      ))}
    </nav>
  );
}
