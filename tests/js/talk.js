// One conversation of matrix-js-sdk with a server:
//
//     node talk.js NAME '{"base": ADDRESS, ...}'
//
// The last line that it prints is what came of it, as JSON.  When it needs a mail
// it prints "mail" and goes on after a line on its standard input: by then the
// link in the mail has been followed.

import { createInterface } from "node:readline";
import { createClient, InteractiveAuth } from "matrix-js-sdk";
import { logger } from "matrix-js-sdk/lib/logger.js";

// It logs to the standard output, which is ours.
logger.setLevel("silent");

const [, , name, given] = process.argv;
const args = JSON.parse(given);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const client = (more = {}) => createClient({ baseUrl: args.base, ...more });
const identifier = { type: "m.id.user", user: args.user };

// What each stage is answered with.
const ANSWERS = {
  "m.login.password": () => ({ identifier, password: args.password }),
  "m.login.registration_token": () => ({ token: args.token }),
  "m.login.terms": () => ({}),
};

async function mailFollowed() {
  console.log("mail");
  await lines.next();
}

// Have InteractiveAuth lead through the stages of a request.
async function authenticate(matrixClient, doRequest, more = {}) {
  const stages = [];
  const auth = new InteractiveAuth({
    matrixClient,
    doRequest,
    inputs: { emailAddress: args.address },
    requestEmailToken: () => Promise.reject(new Error("no mail is wanted")),
    stateUpdated(stage, status) {
      stages.push(stage);
      if (status.error) {
        failed(new Error(stage + ": " + status.error));
      } else if (stage in ANSWERS) {
        auth.submitAuthDict({ type: stage, session: auth.getSessionId(), ...ANSWERS[stage]() });
      } else if (stage === "m.login.email.identity") {
        mailFollowed().then(() => auth.poll(), failed);
      }
    },
    ...more,
  });
  const answer = await auth.attemptAuth();
  return { answer, stages };
}

function register(more = {}) {
  const fresh = client();
  const request = (auth) =>
    fresh.registerRequest({
      username: args.user,
      password: args.password,
      initial_device_display_name: "js-sdk",
      ...more,
      ...(auth ? { auth } : {}),
    });
  const requestEmailToken = (email, secret, attempt) =>
    fresh.requestRegisterEmailToken(email, secret, attempt);
  return authenticate(fresh, request, { requestEmailToken });
}

function logIn(password = args.password, more = {}) {
  return client().loginRequest({ type: "m.login.password", identifier, password, ...more });
}

function loggedIn(answer) {
  return client({ userId: answer.user_id, accessToken: answer.access_token, deviceId: answer.device_id });
}

// The error code of something that has to be refused.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.errcode || String(error);
  }
  return null;
}

const CONVERSATIONS = {
  async register() {
    const { answer, stages } = await register();
    const me = await loggedIn(answer).whoami();
    return { stages, me };
  },

  async refresh() {
    const first = await logIn(args.password, { refresh_token: true });
    const second = await client().refreshToken(first.refresh_token);
    const me = await loggedIn(second).whoami();
    const old = await refusal(loggedIn(first).whoami());
    const spent = await refusal(client().refreshToken(first.refresh_token));
    return { me, old, spent, expires: second.expires_in_ms };
  },

  // The SDK renews an access token by itself when it has expired.
  async renew() {
    const first = await logIn(args.password, { refresh_token: true });
    const renewed = [];
    const renewing = client({
      userId: first.user_id,
      accessToken: first.access_token,
      refreshToken: first.refresh_token,
      async tokenRefreshFunction(refreshToken) {
        const next = await client().refreshToken(refreshToken);
        renewed.push(next.access_token !== first.access_token);
        return { accessToken: next.access_token, refreshToken: next.refresh_token };
      },
    });
    const before = await renewing.whoami();
    await new Promise((resolve) => setTimeout(resolve, first.expires_in_ms + 200));
    const after = await renewing.whoami();
    return { before, after, renewed };
  },

  async setPassword() {
    const mine = loggedIn(await logIn());
    const other = loggedIn(await logIn());
    const kept = await authenticate(mine, (auth) => mine.setPassword(auth, "second-one", false));
    const othersAfterFirst = (await other.whoami()).user_id;
    args.password = "second-one";
    await authenticate(mine, (auth) => mine.setPassword(auth, "third-one", true));
    return {
      stages: kept.stages,
      othersAfterFirst,
      othersAfterSecond: await refusal(other.whoami()),
      mine: (await mine.whoami()).user_id,
      old: await refusal(logIn("second-one")),
      fresh: (await logIn("third-one")).user_id,
    };
  },

  async deleteMultipleDevices() {
    const mine = loggedIn(await logIn());
    const others = [await logIn(), await logIn()].map(loggedIn);
    const ids = others.map((other) => other.getDeviceId());
    const { stages } = await authenticate(mine, (auth) => mine.deleteMultipleDevices(ids, auth ?? undefined));
    const left = (await mine.getDevices()).devices.map((device) => device.device_id);
    return {
      stages,
      others: await Promise.all(others.map((other) => refusal(other.whoami()))),
      deleted: ids.every((id) => !left.includes(id)),
      mine: left.includes(mine.getDeviceId()),
    };
  },

  async reset() {
    const nobody = client();
    const secret = nobody.generateClientSecret();
    const { sid } = await nobody.requestPasswordEmailToken(args.address, secret, 1);
    const auth = {
      type: "m.login.email.identity",
      threepid_creds: { sid, client_secret: secret },
      threepidCreds: { sid, client_secret: secret },
    };
    const early = await refusal(nobody.setPassword(auth, "fresh-one", true));
    await mailFollowed();
    await nobody.setPassword(auth, "fresh-one", true);
    return {
      early,
      old: await refusal(logIn()),
      fresh: (await logIn("fresh-one")).user_id,
      twice: await refusal(nobody.setPassword(auth, "other-one", true)),
    };
  },

  async deactivate() {
    const mine = loggedIn(await logIn());
    const { answer, stages } = await authenticate(mine, (auth) => mine.deactivateAccount(auth ?? undefined, true));
    return { answer, stages, token: await refusal(mine.whoami()), login: await refusal(logIn()) };
  },
};

function failed(error) {
  console.error(error);
  process.exit(1);
}

CONVERSATIONS[name]().then((result) => {
  console.log(JSON.stringify(result));
  process.exit(0);
}, failed);
