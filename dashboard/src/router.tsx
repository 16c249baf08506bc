import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Nowhere, RouteFailure } from "./shell/Nowhere.tsx";
import { Shell } from "./shell/Shell.tsx";
import * as search from "./words/search.ts";

const root = createRootRoute({ notFoundComponent: Nowhere, errorComponent: RouteFailure });

const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: search.signInSearch,
  component: lazyRouteComponent(() => import("./pages/signin/SignInPage.tsx"), "SignInPage"),
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: "/welcome",
  component: lazyRouteComponent(() => import("./pages/signin/InvitationPage.tsx"), "InvitationPage"),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/home/HomePage.tsx"), "HomePage"),
});

const campaigns = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns",
  validateSearch: search.campaignFilter,
  component: lazyRouteComponent(() => import("./pages/campaigns/CampaignsPage.tsx"), "CampaignsPage"),
});

const newCampaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/new",
  component: lazyRouteComponent(() => import("./pages/campaigns/NewCampaignPage.tsx"), "NewCampaignPage"),
});

const campaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$campaignId",
  component: lazyRouteComponent(() => import("./pages/campaign/CampaignLayout.tsx"), "CampaignLayout"),
});

const overview = createRoute({
  getParentRoute: () => campaign,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/campaign/OverviewPage.tsx"), "OverviewPage"),
});

const leads = createRoute({
  getParentRoute: () => campaign,
  path: "/leads",
  validateSearch: search.leadFilter,
  component: lazyRouteComponent(() => import("./pages/campaign/LeadsPage.tsx"), "LeadsPage"),
});

const lead = createRoute({
  getParentRoute: () => campaign,
  path: "/leads/$platformId",
  component: lazyRouteComponent(() => import("./pages/campaign/LeadPage.tsx"), "LeadPage"),
});

const audience = createRoute({
  getParentRoute: () => campaign,
  path: "/audience",
  component: lazyRouteComponent(() => import("./pages/campaign/AudiencePage.tsx"), "AudiencePage"),
});

const sequence = createRoute({
  getParentRoute: () => campaign,
  path: "/sequence",
  component: lazyRouteComponent(() => import("./pages/campaign/SequencePage.tsx"), "SequencePage"),
});

const schedule = createRoute({
  getParentRoute: () => campaign,
  path: "/schedule",
  component: lazyRouteComponent(() => import("./pages/campaign/SchedulePage.tsx"), "SchedulePage"),
});

const automations = createRoute({
  getParentRoute: () => campaign,
  path: "/automations",
  component: lazyRouteComponent(() => import("./pages/campaign/AutomationsPage.tsx"), "AutomationsPage"),
});

const check = createRoute({
  getParentRoute: () => campaign,
  path: "/check",
  component: lazyRouteComponent(() => import("./pages/campaign/CheckPage.tsx"), "CheckPage"),
});

const campaignSettings = createRoute({
  getParentRoute: () => campaign,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/campaign/SettingsPage.tsx"), "SettingsPage"),
});

const replies = createRoute({
  getParentRoute: () => shell,
  path: "/replies",
  validateSearch: search.threadFilter,
  component: lazyRouteComponent(() => import("./pages/replies/RepliesPage.tsx"), "RepliesPage"),
});

const thread = createRoute({
  getParentRoute: () => replies,
  path: "/$threadId",
  component: lazyRouteComponent(() => import("./pages/replies/ThreadPage.tsx"), "ThreadPage"),
});

const people = createRoute({
  getParentRoute: () => shell,
  path: "/people",
  validateSearch: search.peopleSearch,
  component: lazyRouteComponent(() => import("./pages/people/PeoplePage.tsx"), "PeoplePage"),
});

const person = createRoute({
  getParentRoute: () => shell,
  path: "/people/$contactId",
  component: lazyRouteComponent(() => import("./pages/people/PersonPage.tsx"), "PersonPage"),
});

const lists = createRoute({
  getParentRoute: () => shell,
  path: "/lists",
  component: lazyRouteComponent(() => import("./pages/lists/ListsPage.tsx"), "ListsPage"),
});

const list = createRoute({
  getParentRoute: () => shell,
  path: "/lists/$listId",
  component: lazyRouteComponent(() => import("./pages/lists/ListPage.tsx"), "ListPage"),
});

const importing = createRoute({
  getParentRoute: () => shell,
  path: "/lists/$listId/import",
  component: lazyRouteComponent(() => import("./pages/lists/ImportPage.tsx"), "ImportPage"),
});

const accounts = createRoute({
  getParentRoute: () => shell,
  path: "/accounts",
  component: lazyRouteComponent(() => import("./pages/accounts/AccountsPage.tsx"), "AccountsPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/settings/SettingsLayout.tsx"), "SettingsLayout"),
});

const team = createRoute({
  getParentRoute: () => settings,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/settings/TeamPage.tsx"), "TeamPage"),
});

const labels = createRoute({
  getParentRoute: () => settings,
  path: "/labels",
  component: lazyRouteComponent(() => import("./pages/settings/LabelsPage.tsx"), "LabelsPage"),
});

const platform = createRoute({
  getParentRoute: () => settings,
  path: "/platform",
  component: lazyRouteComponent(() => import("./pages/settings/PlatformPage.tsx"), "PlatformPage"),
});

const suppressions = createRoute({
  getParentRoute: () => settings,
  path: "/never",
  component: lazyRouteComponent(() => import("./pages/settings/SuppressionsPage.tsx"), "SuppressionsPage"),
});

const tokens = createRoute({
  getParentRoute: () => settings,
  path: "/tokens",
  component: lazyRouteComponent(() => import("./pages/settings/TokensPage.tsx"), "TokensPage"),
});

const webhooks = createRoute({
  getParentRoute: () => settings,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./pages/settings/WebhooksPage.tsx"), "WebhooksPage"),
});

const audit = createRoute({
  getParentRoute: () => settings,
  path: "/audit",
  component: lazyRouteComponent(() => import("./pages/settings/AuditPage.tsx"), "AuditPage"),
});

const tree = root.addChildren([
  signIn,
  welcome,
  shell.addChildren([
    home,
    campaigns,
    newCampaign,
    campaign.addChildren([overview, leads, lead, audience, sequence, schedule, automations, check, campaignSettings]),
    replies.addChildren([thread]),
    people,
    person,
    lists,
    list,
    importing,
    accounts,
    settings.addChildren([team, labels, platform, suppressions, tokens, webhooks, audit]),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  scrollRestoration: true,
  defaultErrorComponent: RouteFailure,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
