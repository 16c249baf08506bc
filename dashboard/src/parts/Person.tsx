import { Avatar } from "@mantine/core";
import type { ReactNode } from "react";
import type { Profile } from "../api/types.ts";
import style from "./Person.module.css";

type Known = Pick<Profile, "displayName" | "username" | "platformId">;

export function nameOf(profile: Known): string {
  return profile.displayName ?? (profile.username ? `@${profile.username}` : `#${profile.platformId}`);
}

/** Somebody by initials, name and username. Pictures stay on the platform: this page asks no other host. */
export function Person({ profile, children }: { profile: Known; children?: ReactNode }) {
  return (
    <span className={style.person}>
      <Avatar name={profile.displayName ?? profile.username ?? "?"} size={28} radius="xl" color="gray" aria-hidden />
      <span className={style.names}>
        <span className={style.name}>{children ?? nameOf(profile)}</span>
        {profile.displayName && profile.username && <span className={style.username}>@{profile.username}</span>}
      </span>
    </span>
  );
}
