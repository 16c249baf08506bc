import {
  ActionIcon,
  Alert,
  Button,
  Drawer,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, type LinkProps, Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { onSignedOut } from "../api/cache.ts";
import { api, take } from "../api/client.ts";
import { follow } from "../api/live.ts";
import { team } from "../api/queries.ts";
import { forget, session, signOut } from "../api/session.ts";
import { useAction } from "../parts/action.ts";
import {
  AccountsIcon,
  CampaignsIcon,
  HomeIcon,
  LeaveIcon,
  ListsIcon,
  MenuIcon,
  MoonIcon,
  PeopleIcon,
  RepliesIcon,
  SettingsIcon,
  SunIcon,
} from "../parts/icons.tsx";
import { Moment } from "../parts/Moment.tsx";
import style from "./Shell.module.css";

const PLACES: { to: LinkProps["to"]; label: string; icon: ReactNode; isExact?: boolean }[] = [
  { to: "/", label: "Home", icon: <HomeIcon />, isExact: true },
  { to: "/campaigns", label: "Campaigns", icon: <CampaignsIcon /> },
  { to: "/replies", label: "Replies", icon: <RepliesIcon /> },
  { to: "/people", label: "People", icon: <PeopleIcon /> },
  { to: "/lists", label: "Lists", icon: <ListsIcon /> },
  { to: "/accounts", label: "Accounts", icon: <AccountsIcon /> },
  { to: "/settings", label: "Settings", icon: <SettingsIcon /> },
];

/** What stands around every page: where one can go, and what holds for all of the team. */
export function Shell() {
  useLive();
  useWayToSignIn();
  const [isMenuOpen, menu] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu it was chosen from.
  useEffect(menu.close, [path]);
  return (
    <div className={style.shell}>
      <a href="#content" className={style.skip}>
        Skip to content
      </a>
      <aside className={style.side}>
        <Brand />
        <Places />
        <Foot />
      </aside>
      <header className={style.bar}>
        <ActionIcon variant="subtle" color="gray" size="lg" onClick={menu.open} aria-label="Open the menu">
          <MenuIcon />
        </ActionIcon>
        <Brand />
      </header>
      <Drawer
        opened={isMenuOpen}
        onClose={menu.close}
        title="Overture"
        position="left"
        size={260}
        lockScroll={false}
        closeButtonProps={{ "aria-label": "Close the menu" }}
      >
        <Places />
        <Foot />
      </Drawer>
      <main id="content" className={style.main} tabIndex={-1}>
        <Stopped />
        <Outlet />
      </main>
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className={style.brand}>
      <img src="/mark.svg" alt="" width="24" height="24" />
      Overture
    </Link>
  );
}

function Places() {
  return (
    <nav aria-label="Main" className={style.places}>
      {PLACES.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          className={style.place}
          activeOptions={{ exact: place.isExact ?? false, includeSearch: false }}
          activeProps={{ "aria-current": "page" }}
        >
          {place.icon}
          {place.label}
        </Link>
      ))}
    </nav>
  );
}

function Foot() {
  const { data } = useQuery(team());
  return (
    <div className={style.foot}>
      <span className={style.team}>{data?.name}</span>
      <span className={style.deeds}>
        <SchemeSwitch />
        <Leave />
      </span>
    </div>
  );
}

function Leave() {
  const router = useRouter();
  const found = useQuery(session());
  const leave = useAction({
    run: signOut,
    after: () => void router.navigate({ to: "/sign-in" }).then(forget),
  });
  if (!found.data?.endsAt) return null;
  return (
    <Tooltip label={`Sign out ${found.data.member?.name ?? ""}`.trim()}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Sign out"
        loading={leave.isPending}
        onClick={() => leave.mutate()}
      >
        <LeaveIcon />
      </ActionIcon>
    </Tooltip>
  );
}

function SchemeSwitch() {
  // Else Mantine would write a style into the page, which the page's policy refuses.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Use the ${other} theme`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Use the ${other} theme`}
        onClick={() => setColorScheme(other)}
      >
        {scheme === "dark" ? <SunIcon /> : <MoonIcon />}
      </ActionIcon>
    </Tooltip>
  );
}

function Stopped() {
  const { data } = useQuery(team());
  const resume = useAction({
    run: () => take(api.POST("/api/v2/team/resume")),
    renews: ["team", "campaigns"],
    done: "Sending goes on.",
  });
  if (!data?.stoppedAt) return null;
  return (
    <Alert color="orange" variant="light" mb="lg" title="All sending is stopped">
      <div className={style.stopped}>
        <span className={style.stoppedText}>
          Nothing has left since <Moment at={data.stoppedAt} />. Campaigns keep their place and go on from there.
        </span>
        <Button variant="default" loading={resume.isPending} onClick={() => resume.mutate()}>
          Resume sending
        </Button>
      </div>
    </Alert>
  );
}

function useLive(): void {
  const queries = useQueryClient();
  useEffect(() => follow(queries), [queries]);
}

function useWayToSignIn(): void {
  const router = useRouter();
  useEffect(
    () =>
      onSignedOut(() => {
        const from = router.latestLocation.href;
        // Several calls are refused at once; the first shows the way.
        if (from.startsWith("/sign-in")) return;
        void router.navigate({ to: "/sign-in", search: { from }, replace: true });
      }),
    [router],
  );
}
