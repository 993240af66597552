// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pretend TDX guest device, for development and tests.
 *
 * Under the kernel's own configfs-tsm it registers a provider under the name
 * that the real driver uses ("tdx_guest"), and it offers /dev/tdx_guest with
 * TDX_CMD_GET_REPORT0. A program in user space plays the quoting enclave: it
 * reads requests from /dev/tdxvfs-simulator and writes the answers there.
 *
 *   read()   blocks until somebody wants a quote, then gives one TDREPORT of
 *            1024 bytes; REPORTDATA is at offset 128
 *   write()  answers that request with a quote of at most 16 KiB; four bytes
 *            that are negative as an int fail it with that errno instead
 *
 * Nothing here is secret and nothing is measured: a key server accepts these
 * quotes only when its trust anchor is the simulator's own root.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/tsm.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <uapi/linux/tdx-guest.h>

/* The largest outblob that configfs-tsm hands on is 32 KiB; a real quote of
 * version 5 with its certificate chain stays below 8 KiB.
 */
#define QUOTE_MAX 16384
#define TDREPORT_TYPE_TDX 0x81
#define TDREPORT_REPORTDATA 128

static unsigned int timeout_ms = 30000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "how long a request waits for the quoter");

static unsigned int delay_ms;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "pause before each request reaches the quoter");

/* One request at a time, as with the real driver's single shared buffer. */
enum request_state {
	REQUEST_NONE,
	REQUEST_WAITING, /* asked for, not yet read by the quoter */
	REQUEST_TAKEN,	 /* read, not yet answered */
	REQUEST_ANSWERED,
	REQUEST_ABANDONED, /* the asker gave up; the quoter still has it */
};

/* Everything below is protected by state_lock; changed wakes both sides. */
static DEFINE_MUTEX(state_lock);
static DECLARE_WAIT_QUEUE_HEAD(changed);
static bool quoter_present;
static enum request_state state = REQUEST_NONE;
static u8 tdreport[TDX_REPORT_LEN];
static u8 *quote;
static size_t quote_len;
static int quote_error;

static void fill_tdreport(u8 *report, const u8 *report_data)
{
	memset(report, 0, TDX_REPORT_LEN);
	report[0] = TDREPORT_TYPE_TDX;
	memcpy(report + TDREPORT_REPORTDATA, report_data, TDX_REPORTDATA_LEN);
}

static void set_state(enum request_state next)
{
	lockdep_assert_held(&state_lock);
	state = next;
	wake_up_all(&changed);
}

/* Hands the request over; refuses it while an earlier one is still out. */
static int post_request(const u8 *report_data)
{
	guard(mutex)(&state_lock);

	/* A quoter that is not there yet has until the timeout to come: in a
	 * guest that boots, nobody orders the two.
	 */
	if (state != REQUEST_NONE)
		return -EBUSY;
	fill_tdreport(tdreport, report_data);
	quote_error = 0;
	set_state(REQUEST_WAITING);
	return 0;
}

/* Takes the answer, or leaves the request to the quoter when none came. */
static int collect_answer(struct tsm_report *report, long waited)
{
	guard(mutex)(&state_lock);

	if (state != REQUEST_ANSWERED) {
		/* While the quoter holds it, later requests are EBUSY, as they
		 * are while the host owns the real driver's buffer.
		 */
		set_state(state == REQUEST_TAKEN ? REQUEST_ABANDONED
						 : REQUEST_NONE);
		return waited < 0 ? -EINTR : -ETIMEDOUT;
	}
	set_state(REQUEST_NONE);
	if (quote_error)
		return quote_error;
	report->outblob = quote;
	report->outblob_len = quote_len;
	quote = NULL;
	return 0;
}

static int simulator_report_new(struct tsm_report *report, void *data)
{
	long waited;
	int rc;

	if (report->desc.inblob_len != TDX_REPORTDATA_LEN)
		return -EINVAL;
	if (delay_ms && msleep_interruptible(delay_ms))
		return -EINTR;
	rc = post_request(report->desc.inblob);
	if (rc)
		return rc;
	waited = wait_event_interruptible_timeout(
		changed, READ_ONCE(state) == REQUEST_ANSWERED,
		msecs_to_jiffies(timeout_ms));
	return collect_answer(report, waited);
}

/* The real provider shows these four attributes and no others. */
static bool simulator_attr_visible(int n)
{
	return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER;
}

static bool simulator_bin_attr_visible(int n)
{
	return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB;
}

static const struct tsm_ops simulator_ops = {
	.name = "tdx_guest",
	.report_new = simulator_report_new,
	.report_attr_visible = simulator_attr_visible,
	.report_bin_attr_visible = simulator_bin_attr_visible,
};

static long guest_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tdx_report_req __user *request = (void __user *)arg;
	u8 report_data[TDX_REPORTDATA_LEN];
	u8 *report __free(kfree) = NULL;

	if (cmd != TDX_CMD_GET_REPORT0)
		return -ENOTTY;
	if (copy_from_user(report_data, request->reportdata,
			   sizeof(report_data)))
		return -EFAULT;
	report = kmalloc(TDX_REPORT_LEN, GFP_KERNEL);
	if (!report)
		return -ENOMEM;
	fill_tdreport(report, report_data);
	if (copy_to_user(request->tdreport, report, TDX_REPORT_LEN))
		return -EFAULT;
	return 0;
}

static const struct file_operations guest_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = guest_ioctl,
};

static struct miscdevice guest_device = {
	.name = "tdx_guest",
	.minor = MISC_DYNAMIC_MINOR,
	.fops = &guest_fops,
};

static int quoter_open(struct inode *inode, struct file *file)
{
	guard(mutex)(&state_lock);

	if (quoter_present)
		return -EBUSY;
	quoter_present = true;
	return 0;
}

/* A quoter that dies fails the request that it held. */
static int quoter_release(struct inode *inode, struct file *file)
{
	guard(mutex)(&state_lock);

	quoter_present = false;
	if (state == REQUEST_WAITING || state == REQUEST_TAKEN) {
		quote_error = -EIO;
		set_state(REQUEST_ANSWERED);
	} else if (state == REQUEST_ABANDONED) {
		set_state(REQUEST_NONE);
	}
	return 0;
}

static ssize_t quoter_read(struct file *file, char __user *buffer, size_t count,
			   loff_t *offset)
{
	if (count < TDX_REPORT_LEN)
		return -EINVAL;
	for (;;) {
		if (wait_event_interruptible(changed, READ_ONCE(state) ==
							      REQUEST_WAITING))
			return -ERESTARTSYS;
		guard(mutex)(&state_lock);
		/* The asker may have given up between the wake and the lock. */
		if (state != REQUEST_WAITING)
			continue;
		if (copy_to_user(buffer, tdreport, TDX_REPORT_LEN))
			return -EFAULT;
		set_state(REQUEST_TAKEN);
		return TDX_REPORT_LEN;
	}
}

static void store_answer(u8 *answer, size_t len)
{
	s32 error = 0;

	if (len == sizeof(error))
		memcpy(&error, answer, sizeof(error));
	kvfree(quote);
	quote = NULL;
	if (error < 0 && error >= -MAX_ERRNO) {
		quote_error = error;
		kvfree(answer);
		return;
	}
	quote = answer;
	quote_len = len;
}

static ssize_t quoter_write(struct file *file, const char __user *buffer,
			    size_t count, loff_t *offset)
{
	u8 *answer;

	if (!count || count > QUOTE_MAX)
		return -EFBIG;
	answer = kvmalloc(count, GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	if (copy_from_user(answer, buffer, count)) {
		kvfree(answer);
		return -EFAULT;
	}
	guard(mutex)(&state_lock);
	if (state == REQUEST_TAKEN) {
		store_answer(answer, count);
		set_state(REQUEST_ANSWERED);
		return count;
	}
	kvfree(answer);
	if (state != REQUEST_ABANDONED)
		return -EINVAL;
	/* Too late for anybody, but the way is free again. */
	set_state(REQUEST_NONE);
	return count;
}

static const struct file_operations quoter_fops = {
	.owner = THIS_MODULE,
	.open = quoter_open,
	.release = quoter_release,
	.read = quoter_read,
	.write = quoter_write,
};

static struct miscdevice quoter_device = {
	.name = "tdxvfs-simulator",
	.minor = MISC_DYNAMIC_MINOR,
	.mode = 0600,
	.fops = &quoter_fops,
};

static int __init simulator_init(void)
{
	int rc;

	rc = misc_register(&guest_device);
	if (rc)
		return rc;
	rc = misc_register(&quoter_device);
	if (rc)
		goto no_quoter;
	rc = tsm_register(&simulator_ops, NULL);
	if (rc)
		goto no_provider;
	pr_info("pretend TDX guest: its quotes prove nothing\n");
	return 0;

no_provider:
	misc_deregister(&quoter_device);
no_quoter:
	misc_deregister(&guest_device);
	return rc;
}

static void __exit simulator_exit(void)
{
	tsm_unregister(&simulator_ops);
	misc_deregister(&quoter_device);
	misc_deregister(&guest_device);
	kvfree(quote);
}

module_init(simulator_init);
module_exit(simulator_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Pretend TDX guest device for development and tests");
