import { Outlet } from "@tanstack/react-router";
import { PageHead } from "../../parts/Page.tsx";
import { Tabs } from "../../parts/Tabs.tsx";

/** What holds for the whole team. */
export function SettingsLayout() {
  return (
    <>
      <PageHead title="Settings" />
      <Tabs
        label="Parts of the settings"
        places={[
          { to: "/settings", label: "Team", isExact: true },
          { to: "/settings/labels", label: "Statuses and tags" },
          { to: "/settings/platform", label: "Platform" },
          { to: "/settings/never", label: "Never write to" },
          { to: "/settings/tokens", label: "Tokens" },
          { to: "/settings/webhooks", label: "Webhooks" },
          { to: "/settings/audit", label: "Audit" },
        ]}
      />
      <Outlet />
    </>
  );
}
