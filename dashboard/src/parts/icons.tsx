import type { ReactNode } from "react";

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const HomeIcon = () => (
  <Icon>
    <path d="M3 9.5 10 3.5l7 6V16a1 1 0 0 1-1 1h-3.5v-5h-5v5H4a1 1 0 0 1-1-1z" />
  </Icon>
);
export const CampaignsIcon = () => (
  <Icon>
    <path d="M3 8.5v3l2 .4 1 4.1h2l-.8-3.7L16 15V5L5 8.1z" />
  </Icon>
);
export const RepliesIcon = () => (
  <Icon>
    <path d="M4 4h12a1 1 0 0 1 1 1v7.5a1 1 0 0 1-1 1H9L5.5 17v-3.5H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1z" />
  </Icon>
);
export const PeopleIcon = () => (
  <Icon>
    <circle cx="7.5" cy="7" r="3" />
    <path d="M2.5 16.5c.3-3 2.3-4.5 5-4.5s4.7 1.5 5 4.5" />
    <path d="M13 4.300a3 3 0 0 1 0 5.400M15 12.300c1.6.6 2.4 2 2.5 4.2" />
  </Icon>
);
export const ListsIcon = () => (
  <Icon>
    <path d="M7.5 5.500H17M7.5 10H17M7.5 14.500H17" />
    <path d="M3.5 5.500h.01M3.5 10h.01M3.5 14.500h.01" strokeWidth="2.4" />
  </Icon>
);
export const AccountsIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3" />
    <path d="M13 10v1.200a2 2 0 0 0 4 0V10a7 7 0 1 0-2.8 5.6" />
  </Icon>
);
export const SettingsIcon = () => (
  <Icon>
    <path d="M3 6h8M15 6h2M3 14h2M9 14h8" />
    <circle cx="13" cy="6" r="2" />
    <circle cx="7" cy="14" r="2" />
  </Icon>
);
export const MenuIcon = () => (
  <Icon>
    <path d="M3 6h14M3 10h14M3 14h14" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.2" />
    <path d="M10 2.500v2M10 15.500v2M2.5 10h2M15.5 10h2M4.7 4.700l1.4 1.400M13.9 13.900l1.4 1.400M15.3 4.700l-1.4 1.400M6.1 13.900l-1.4 1.4" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M16.5 11.500A7 7 0 0 1 8.5 3.500a7 7 0 1 0 8 8z" />
  </Icon>
);

export const UpIcon = () => (
  <Icon>
    <path d="M10 16V4M5 9l5-5 5 5" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="M10 4v12M5 11l5 5 5-5" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2" />
    <path d="M13 4.5A1.5 1.5 0 0 0 11.5 3.500h-6a2 2 0 0 0-2 2v6A1.5 1.5 0 0 0 4.5 13" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M5 5l10 10M15 5 5 15" />
  </Icon>
);
export const HandleIcon = () => (
  <Icon>
    <path d="M7.5 5h.01M7.5 10h.01M7.5 15h.01M12.5 5h.01M12.5 10h.01M12.5 15h.01" strokeWidth="2.4" />
  </Icon>
);
export const MoreIcon = () => (
  <Icon>
    <path d="M4.5 10h.01M10 10h.01M15.5 10h.01" strokeWidth="2.6" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M11.5 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h6.5M9 10h8m-3-3 3 3-3 3" />
  </Icon>
);
