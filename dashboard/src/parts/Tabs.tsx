import { Link, type LinkProps } from "@tanstack/react-router";
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
  return (
    <nav className={style.tabs} aria-label={label}>
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
