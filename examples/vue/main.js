import { createApp } from "vue";

import Progress from "./Progress.vue";

createApp(Progress, { registrationId: 42 }).mount("#root");
