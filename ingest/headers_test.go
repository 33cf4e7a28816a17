package ingest_test

import "strings"

// The headers of every known form, as published: azure-docs dataset-schema (cost-usage-details-*.md, usage-details-*.md,
// reservation-*.md), partner-center-docs, the FinOps toolkit's export schemas and its sample files.

// without drops columns from a header.
func without(header string, names ...string) string {
	var kept []string
	for _, n := range strings.Split(header, ",") {
		drop := false
		for _, d := range names {
			drop = drop || n == d
		}
		if !drop {
			kept = append(kept, n)
		}
	}
	return strings.Join(kept, ",")
}

// renamed renames columns of a header: old name, new name, ...
func renamed(header string, pairs ...string) string {
	names := strings.Split(header, ",")
	for i, n := range names {
		for p := 0; p < len(pairs); p += 2 {
			if n == pairs[p] {
				names[i] = pairs[p+1]
			}
		}
	}
	return strings.Join(names, ",")
}

// Versions that differ from a published header in a few columns.
var (
	eaHeader2023 = without(eaHeader, "AccountId", "ResourceLocationNormalized")
	eaHeader2020 = without(eaHeader2023, "CostAllocationRuleName", "benefitId", "benefitName")
	eaHeaderJan  = without(eaHeader2023, "benefitId", "benefitName")
	mcaHeaderNov = renamed(without(mcaHeader, "pricingModel", "costAllocationRuleName", "benefitId", "benefitName", "provider"),
		"ProductName", "product", "SubscriptionId", "subscriptionId", "ResourceId", "InstanceName", "location", "Location", "PayGPrice", "payGPrice")
	mpaHeaderJan = without(mpaHeader, "benefitId", "benefitName", "provider")
	mpaHeaderNov = renamed(without(mpaHeaderJan, "PricingModel"),
		"ProductName", "product", "SubscriptionId", "subscriptionId", "ResourceId", "InstanceName", "location", "Location", "PayGPrice", "payGPrice")
)

const (
	eaHeaderOct = "CostInBillingCurrency,AccountName,AccountOwnerId,ProductName,ConsumedService,InvoiceSectionName,SubscriptionId,SubscriptionName,Date,MeterId," +
		"MeterCategory,MeterSubCategory,MeterRegion,MeterName,Quantity,ResourceLocation,ResourceId,ServiceInfo1,ServiceInfo2,AdditionalInfo,Tags,CostCenter," +
		"UnitOfMeasure,ResourceGroup,PartNumber,OfferId,ChargeType,EffectivePrice,UnitPrice,ReservationId,ReservationName,ResourceName,ProductOrderId," +
		"ProductOrderName,PlanName,PublisherName,PublisherType,Term,BillingAccountId,BillingAccountName,BillingProfileName,BillingProfileId,BillingCurrencyCode," +
		"ServiceFamily,Frequency,IsAzureCreditEligible,PayGPrice,PricingModel,BillingPeriodStartDate,BillingPeriodEndDate,AvailabilityZone,InvoiceSectionId," +
		"CostAllocationRuleName,benefitId,benefitName"
	eaHeaderSample = "BillingAccountId,BillingAccountName,BillingPeriodStartDate,BillingPeriodEndDate,BillingProfileId,BillingProfileName,AccountOwnerId," +
		"AccountName,SubscriptionId,SubscriptionName,Date,Product,PartNumber,MeterId,ServiceFamily,MeterCategory,MeterSubCategory,MeterRegion,MeterName,Quantity," +
		"EffectivePrice,Cost,UnitPrice,BillingCurrency,ResourceLocation,AvailabilityZone,ConsumedService,ResourceId,ResourceName,ServiceInfo1,ServiceInfo2," +
		"AdditionalInfo,Tags,InvoiceSectionId,InvoiceSection,CostCenter,UnitOfMeasure,ResourceGroup,ReservationId,ReservationName,ProductOrderId," +
		"ProductOrderName,OfferId,IsAzureCreditEligible,Term,PublisherName,PlanName,ChargeType,Frequency,PublisherType,PayGPrice,PricingModel," +
		"CostAllocationRuleName,benefitId,benefitName"
	eaHeader2019 = "DepartmentName,AccountName,AccountOwnerId,SubscriptionGuid,SubscriptionName,ResourceGroup,ResourceLocation,UsageDateTime,ProductName," +
		"MeterCategory,MeterSubcategory,MeterId,MeterName,MeterRegion,UnitOfMeasure,UsageQuantity,ResourceRate,PreTaxCost,CostCenter,ConsumedService," +
		"ResourceType,InstanceId,Tags,OfferId,AdditionalInfo,ServiceInfo1,ServiceInfo2"
	eaHeaderPreview = eaHeader2019 + ",ReservationId,ReservationName,UnitPrice,ProductOrderId,ProductOrderName,Term,PublisherType,ChargeType,ResourceName," +
		"IsActualCost,IsAmortizedCost,Frequency,Provider"
	mcaHeaderOct = "InvoiceID,PreviousInvoiceId,BillingAccountId,BillingAccountName,BillingProfileId,BillingProfileName,InvoiceSectionId,InvoiceSectionName," +
		"ResellerName,ResellerMPNId,CostCenter,BillingPeriodEndDate,BillingPeriodStartDate,ServicePeriodEndDate,ServicePeriodStartDate,Date,ServiceFamily," +
		"ProductOrderId,ProductOrderName,ConsumedService,MeterId,MeterName,MeterCategory,MeterSubcategory,MeterRegion,ProductId,Product,SubscriptionGuid," +
		"SubscriptionName,PublisherType,PublisherId,PublisherName,ResourceGroup,InstanceName,ResourceLocation,Location,EffectivePrice,Quantity,UnitOfMeasure," +
		"ChargeType,BillingCurrencyCode,PricingCurrencyCode,CostInBillingCurrency,CostInPricingCurrency,CostInUSD,PaygCostInBillingCurrency,PaygCostInUSD," +
		"ExchangeRate,ExchangeRateDate,IsAzureCreditEligible,ServiceInfo1,ServiceInfo2,AdditionalInfo,Tags,MarketPrice,Frequency,Term,ReservationId," +
		"ReservationName,UnitPrice"
	cspHeader = "billingAccountName,partnerName,resellerName,resellerMpnId,customerTenantId,customerName,costCenter,billingPeriodEndDate,billingPeriodStartDate," +
		"servicePeriodEndDate,servicePeriodStartDate,date,serviceFamily,productOrderId,productOrderName,consumedService,meterId,meterName,meterCategory," +
		"meterSubCategory,meterRegion,ProductId,ProductName,SubscriptionId,subscriptionName,publisherType,publisherId,publisherName,resourceGroupName,ResourceId," +
		"resourceLocation,location,effectivePrice,quantity,unitOfMeasure,chargeType,billingCurrency,pricingCurrency,costInBillingCurrency,costInUsd," +
		"exchangeRatePricingToBilling,exchangeRateDate,serviceInfo1,serviceInfo2,additionalInfo,tags,PayGPrice,frequency,term,reservationId,reservationName," +
		"PricingModel,unitPrice,benefitId,benefitName,provider"
	paygHeader = "SubscriptionGuid,ResourceGroup,ResourceLocation,UsageDateTime,MeterCategory,MeterSubCategory,MeterId,MeterName,MeterRegion,UsageQuantity," +
		"ResourceRate,PreTaxCost,ConsumedService,ResourceType,InstanceId,Tags,OfferId,AdditionalInfo,ServiceInfo1,ServiceInfo2,ServiceName,ServiceTier,Currency," +
		"UnitOfMeasure"
	classicHeader = "账户所有者(AccountOwnerId),账户名称(Account Name),服务管理员(ServiceAdministratorId),订阅 ID(SubscriptionId),订阅 GUID(SubscriptionGuid)," +
		"订阅名称(Subscription Name),日期(Date),月(Month),日(Day),年(Year),产品(Product),计量 ID(Meter ID),计量类别(Meter Category),计量子类别(Meter Sub-Category)," +
		"计量区域(Meter Region),计量名称(Meter Name),已用数量(Consumed Quantity),资源费率(ResourceRate),总费用(ExtendedCost),资源位置(Resource Location)," +
		"已用服务(Consumed Service),实例 ID(Instance ID),ServiceInfo1,ServiceInfo2,AdditionalInfo,Tags,Store Service Identifier,部门名称(Department Name)," +
		"成本中心(Cost Center),度量单位(Unit of Measure),资源组(Resource Group)"
	focusHeader10 = "BilledCost,BillingAccountId,BillingAccountName,BillingAccountType,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory," +
		"ChargeClass,ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,CommitmentDiscountCategory,CommitmentDiscountId,CommitmentDiscountName," +
		"CommitmentDiscountStatus,CommitmentDiscountType,ConsumedQuantity,ConsumedUnit,ContractedCost,ContractedUnitPrice,EffectiveCost,InvoiceIssuerName," +
		"ListCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,ProviderName,PublisherName,RegionId,RegionName,ResourceId,ResourceName,ResourceType," +
		"ServiceCategory,ServiceName,SkuId,SkuPriceId,SubAccountId,SubAccountName,SubAccountType,Tags,x_AccountId,x_AccountName,x_AccountOwnerId," +
		"x_BilledCostInUsd,x_BilledUnitPrice,x_BillingAccountId,x_BillingAccountName,x_BillingExchangeRate,x_BillingExchangeRateDate,x_BillingProfileId," +
		"x_BillingProfileName,x_ContractedCostInUsd,x_CostAllocationRuleName,x_CostCenter,x_CustomerId,x_CustomerName,x_EffectiveCostInUsd,x_EffectiveUnitPrice," +
		"x_InvoiceId,x_InvoiceIssuerId,x_InvoiceSectionId,x_InvoiceSectionName,x_ListCostInUsd,x_PartnerCreditApplied,x_PartnerCreditRate,x_PricingBlockSize," +
		"x_PricingCurrency,x_PricingSubcategory,x_PricingUnitDescription,x_PublisherCategory,x_PublisherId,x_ResellerId,x_ResellerName,x_ResourceGroupName," +
		"x_ResourceType,x_ServicePeriodEnd,x_ServicePeriodStart,x_SkuDescription,x_SkuDetails,x_SkuIsCreditEligible,x_SkuMeterCategory,x_SkuMeterId," +
		"x_SkuMeterName,x_SkuMeterSubcategory,x_SkuOfferId,x_SkuOrderId,x_SkuOrderName,x_SkuPartNumber,x_SkuRegion,x_SkuServiceFamily,x_SkuTerm,x_SkuTier"
	partnerDaily = "PartnerId,PartnerName,CustomerId,CustomerName,CustomerDomainName,CustomerCountry,MPNID,ResellerMPNID,InvoiceNumber,ProductId,SkuId," +
		"AvailabilityId,SkuName,ProductName,PublisherName,PublisherId,SubscriptionDescription,SubscriptionId,ChargeStartDate,ChargeEndDate,UsageDate,MeterType," +
		"MeterCategory,MeterId,MeterSubCategory,MeterName,MeterRegion,Unit,ResourceLocation,ConsumedService,ResourceGroup,ResourceURI,ChargeType,UnitPrice," +
		"Quantity,UnitType,BillingPreTaxTotal,BillingCurrency,PricingPreTaxTotal,PricingCurrency,ServiceInfo1,ServiceInfo2,Tags,AdditionalInfo," +
		"EffectiveUnitPrice,PCToBCExchangeRate,PCToBCExchangeRateDate,EntitlementId,EntitlementDescription,PartnerEarnedCreditPercentage,CreditPercentage," +
		"CreditType,BenefitOrderId,BenefitId,BenefitType"
	invoiceHeader = "PartnerId,CustomerId,CustomerName,CustomerDomainName,CustomerCountry,InvoiceNumber,MPNID,ResellerMPNID,OrderId,OrderDate,ProductId,SkuId," +
		"AvailabilityId,SkuName,ProductName,ChargeType,UnitPrice,Quantity,Subtotal,TaxTotal,Total,Currency,PriceAdjustmentDescription,PublisherName,PublisherId," +
		"SubscriptionDescription,SubscriptionId,ChargeStartDate,ChargeEndDate,TermAndBillingCycle,EffectiveUnitPrice,UnitType,AlternateId,BillableQuantity," +
		"BillingFrequency,PricingCurrency,PCToBCExchangeRate,PCToBCExchangeRateDate,MeterDescription,ReservationOrderId,CreditReasonCode,SubscriptionStartDate," +
		"SubscriptionEndDate,ReferenceID,ProductQualifiers,PromotionID"
	oneTimeHeader = "PartnerId,CustomerId,CustomerName,CustomerDomainName,CustomerCountry,InvoiceNumber,MpnId,ResellerMpnId,OrderId,OrderDate,ProductId,SkuId," +
		"AvailabilityId,SkuName,ProductName,ChargeType,UnitPrice,EffectiveUnitPrice,UnitType,Quantity,Sub Total,TaxTotal,Total,Currency," +
		"PriceAdjustmentDescription,PublisherName,PublisherId,SubscriptionDescription,SubscriptionId,ChargeStartDate,ChargeEndDate,TermAndBillingCycle,AlternateId"
	legacyHeader = "PartnerId,PartnerName,PartnerBillableAccountId,CustomerCompanyName,MpnId,ResellerMpnId,InvoiceNumber,ChargeStartDate,ChargeEndDate," +
		"SubscriptionId,SubscriptionName,SubscriptionDescription,OrderID,ServiceName,ServiceType,ResourceGUID,ResourceName,Region,SKU,DetailLineItemId," +
		"ConsumedQuantity,IncludedQuantity,OverageQuantity,ListPrice,PretaxCharges,TaxAmount,PostTaxTotal,Currency,PretaxEffectiveRate,PostTaxEffectiveRate," +
		"ChargeType,CustomerBillableAccount,UsageDate,MeteredRegion,MeteredService,MeteredServiceType,Project,ServiceInfo"
	reservationDetailsHeader = "InstanceFlexibilityGroup,InstanceFlexibilityRatio,InstanceId,Kind,ReservationOrderId,ReservationId,ReservedHours,SkuName," +
		"TotalReservedQuantity,UsageDate,UsedHours"
	reservationSummaryHeader = "reservationOrderId,reservationId,skuName,reservedHours,usageDate,usedHours,minUtilizationPercentage,avgUtilizationPercentage," +
		"maxUtilizationPercentage,kind,purchasedQuantity,remainingQuantity,totalReservedQuantity,usedQuantity,utilizedPercentage"
	transactionsEA = "AccountName,AccountOwnerEmail,Amount,ArmSkuName,BillingFrequency,BillingMonth,CostCenter,Currency,CurrentEnrollmentId,DepartmentName," +
		"Description,EventDate,EventType,MonetaryCommitment,Overage,PurchasingSubscriptionGuid,PurchasingSubscriptionName,PurchasingEnrollment,Quantity,Region," +
		"ReservationOrderId,ReservationOrderName,Term"
	transactionsMCA = "Amount,ArmSkuName,BillingFrequency,BillingProfileId,BillingProfileName,Currency,Description,EventDate,EventType,Invoice,InvoiceId," +
		"InvoiceSectionId,InvoiceSectionName,PurchasingSubscriptionGuid,PurchasingSubscriptionName,Quantity,Region,ReservationOrderId,ReservationOrderName,Term"
	recommendationsEA = "SKU,Location,CostWithNoReservedInstances,FirstUsageDate,InstanceFlexibilityRatio,InstanceFlexibilityGroup,LookBackPeriod,MeterId," +
		"NetSavings,NormalizedSize,RecommendedQuantity,RecommendedQuantityNormalized,ResourceType,Scope,SubscriptionId,SkuProperties,Term," +
		"TotalCostWithReservedInstances"
	recommendationsMCA = "Cost With No ReservedInstances,First UsageDate,Instance Flexibility Ratio,Instance Flexibility Group,Location,LookBackPeriod,MeterID," +
		"Net Savings,Normalized Size,Recommended Quantity,Recommended Quantity Normalized,ResourceType,scope,SkuName,Sku Properties,SubscriptionId,Term," +
		"Total Cost With ReservedInstances"
)

// focusHeader12Preview and focusHeader12 are FOCUS 1.2 as Cost Management exports it.
var (
	focusHeader12Preview = "CapacityReservationId,CapacityReservationStatus,CommitmentDiscountQuantity,CommitmentDiscountUnit,InvoiceId,PricingCurrency,ServiceSubcategory," +
		"SkuMeter,SkuPriceDetails,x_AmortizationClass,x_ServiceModel,x_SkuPlanName," + without(focusHeader10, "x_InvoiceId", "x_PricingCurrency", "x_SkuMeterName")
	focusHeader12 = without(focusHeader12Preview, "x_SkuDetails")
)
