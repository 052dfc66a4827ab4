import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { freePort } from "../processes/child.ts";
import { temporaryFolder } from "../processes/temporary_folder.ts";
import type { Contender } from "./measured_server.ts";

/**
 * nginx with its module nchan, in one process. It keeps messages in its own memory and uses no Redis. Here it only
 * opens streams.
 */
export function nchan(): Contender {
  let port = 0;
  return {
    name: "nginx with nchan",
    command: async () => {
      const folder = temporaryFolder();
      port = await freePort();
      writeFileSync(join(folder, "nginx.conf"), configuration(folder, port));
      return ["/usr/sbin/nginx", "-p", folder, "-c", join(folder, "nginx.conf")];
    },
    untilServing: async (child) => {
      // nginx listens before it prints this line.
      await child.untilOutput(/OS: Linux/);
      return port;
    },
    prepare: () => Promise.resolve(),
    publish: () => {
      throw new Error("nchan hears no Redis here");
    },
  };
}

const configuration = (folder: string, port: number): string => `
  load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
  daemon off; master_process off; pid ${join(folder, "nginx.pid")}; error_log stderr notice;
  worker_rlimit_nofile 20000;
  events { worker_connections 20000; }
  http {
    access_log off;
    client_body_temp_path ${folder}; proxy_temp_path ${folder};
    fastcgi_temp_path ${folder}; scgi_temp_path ${folder}; uwsgi_temp_path ${folder};
    server {
      listen 127.0.0.1:${port};
      location /api/registrations/updates/stream {
        nchan_subscriber eventsource; nchan_channel_id all-$arg_registrationId;
      }
    }
  }`;
